"""A MODEL AND A STORE -> who is enrolled, and who an item shows: 1:1, 1:N or nobody."""
