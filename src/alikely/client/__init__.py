"""A SERVICE -> ITS ANSWERS IN PYTHON, as objects; with and without asyncio."""
