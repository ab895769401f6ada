"""One self-contained HTML page that says how good a model is, and shows it.

content        what a report shows, ready to be drawn
gather         a model's figures and items, or distances alone -> that
distances, worst, flat, settings, words    its parts
items          items -> what is shown of them; thumbnails for pictures, sides for two of other kinds
drawing, charts    numbers -> pictures
page           all of it -> HTML
"""

from alikely.report.content import EpochPoint, Learning, ReportContent, Settings
from alikely.report.gather import report_of_distances, report_of_model, report_unmeasured
from alikely.report.page import report_html, write_report

__all__ = [
    "ReportContent",
    "report_of_distances",
    "report_of_model",
    "report_unmeasured",
    "Learning",
    "EpochPoint",
    "Settings",
    "report_html",
    "write_report",
]
