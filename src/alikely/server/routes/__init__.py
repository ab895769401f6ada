"""REQUESTS -> ANSWERS: one file for each group of routes, and the table of them."""

from fastapi import APIRouter

from alikely.server.routes import comparing, health

ROUTERS: tuple[APIRouter, ...] = (health.router, comparing.router)
