"""ITEMS AND WHAT PEOPLE LIKED -> what they may like next, and why."""
