"""REQUESTS -> ANSWERS: one file for each group of routes, and the table of them."""

from fastapi import APIRouter

from alikely.server.routes import (
    anomaly,
    asking,
    auditing,
    comparing,
    deciding,
    describing,
    enrolling,
    explaining,
    findings,
    galleries,
    health,
    identifying,
    labelling,
    map_items,
    mapping,
    operating_points,
    pictures,
    recommending,
    thresholds,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    auditing.router,
    comparing.router,
    describing.router,
    explaining.router,
    galleries.router,
    enrolling.router,
    identifying.router,
    anomaly.router,
    recommending.router,
    asking.router,
    pictures.router,
    findings.router,
    deciding.router,
    mapping.router,
    map_items.router,
    thresholds.router,
    operating_points.router,
    labelling.router,
)

# Asked first, past the application.
DIRECT = comparing.DIRECT
