"""Items -> pairs and groups of near-duplicates among them, at a calibrated rate.

windows  pictures -> thumbnails, how these look through windows, and a distance that overlooks cuts and mirrors
ways     items -> rows to keep, rows to compare, and the distance: by a model, or by looks
chance   rows to compare -> how often different items come so near, and the limit that follows
changed  pictures -> how far changed copies of them lie
kept     what items were turned into, kept between runs
finding  duplicates(...): the whole way
"""

from alikely.tasks.duplicates.finding import Duplicates, duplicates

__all__ = ["duplicates", "Duplicates"]
