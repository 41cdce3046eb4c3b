"""Routes: legs by sea, air, rail and truck over terminals with schedules, and the best ways over them. No torch."""

from entrepot.envs.network.routes.description import RouteBook
from entrepot.envs.network.routes.front import Move, Route, front
from entrepot.envs.network.routes.leg import Goods, Leg
from entrepot.envs.network.routes.route_map import RouteMap, load_routes

__all__ = ["Goods", "Leg", "Move", "Route", "RouteBook", "RouteMap", "front", "load_routes"]
