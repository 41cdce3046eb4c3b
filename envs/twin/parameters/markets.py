"""What the twin needs to know of the markets, and of the fulfilment options that serve them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.cached_tensor_property import CachedTensorProperty
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.twin.parameters.returns import RETURN_WAVES
from entrepot.envs.twin.parameters.tensors import Kind, compiled
from entrepot.envs.twin.rationing import Queues
from entrepot.envs.twin.sums import Sums


@dataclass(frozen=True)
class MarketParameters(Record):
    """Of each market; axes of 1 stand for the environments, and for SKUs where that is the last one."""

    backlog_share: Annotated[Tensor, Axes("M11")]
    backlog_usd_per_unit_day: Annotated[Tensor, Axes("M")]
    returns_share: Annotated[Tensor, Axes("M")]
    returns_exchange_share: Annotated[Tensor, Axes("M")]
    lost_margin_usd: Annotated[Tensor, Axes("M1S")]  # per unit
    direct_share: Annotated[
        Tensor, Axes("NM")
    ]  # 1 where the node is the market's first option: it bears costs, returns

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self:
        """Of a network."""
        return compiled(cls, network.market, kind)

    @CachedTensorProperty
    def backlog_usd_at_node(self) -> Tensor:
        """[N, M] USD that a unit of a market's backlog costs the node each day."""
        return self.direct_share * self.backlog_usd_per_unit_day

    @CachedTensorProperty
    def returning_share(self) -> Tensor:
        """[N, M] of a market's sales, what will come back to the node for good in each of the waves."""
        return self.direct_share * (self.returns_share * (1 - self.returns_exchange_share)) / RETURN_WAVES


@dataclass(frozen=True)
class OptionRank(Record):
    """Fulfilment options of one rank: the markets that have one, and where they ask."""

    markets: Annotated[Tensor, Axes("m")]  # integers
    queues: Queues  # of these markets at the nodes
    every_market: bool  # whether all markets have one

    @classmethod
    def of(cls, at_node: Tensor) -> Self:
        """Of [N, M], 1 where the market's option of this rank is the node."""
        markets = at_node.sum(dim=0).nonzero().flatten()
        return cls(markets, Queues.of(at_node[:, markets]), len(markets) == at_node.shape[1])


@dataclass(frozen=True)
class OptionParameters(Record):
    """Of the markets' fulfilment options, R ranks; P of the R·M exist."""

    usd_per_unit: Annotated[Tensor, Axes("RM")]
    days: Annotated[Tensor, Axes("RM")]
    at_node: Annotated[Tensor, Axes("RNM")]  # 1 where the market's option of this rank is the node
    ranks: tuple[OptionRank, ...]  # R
    by_market: Sums  # M of P: what all of a market's options serve

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self:
        """Of a network."""
        option = network.option
        at_node = np.eye(len(network.nodes))[:, option.node].transpose(1, 0, 2) * option.exists[:, None, :]
        exists = torch.as_tensor(option.exists, device=kind.device)  # [R, M]
        each = torch.eye(exists.numel(), device=kind.device)[:, exists.flatten()]  # [R·M, P]
        by_node = kind.tensor(at_node, cls.axes()["at_node"])
        return compiled(
            cls,
            option,
            kind,
            at_node=by_node,
            ranks=tuple(OptionRank.of(rank) for rank in by_node),
            by_market=Sums.of(each.view(*exists.shape, -1).sum(dim=0), once=True),
        )

    @CachedTensorProperty
    def existing(self) -> Tensor:
        """[P] integers, rank·M + market of the options that exist, rank by rank."""
        markets = self.days.shape[1]
        return torch.cat([rank.markets + markets * number for number, rank in enumerate(self.ranks)])

    def in_ranks(self, units: Tensor) -> Tensor:
        """[R, M, ...] of [P, ...]: each option in its place, 0 where a market has none of the rank."""
        if len(units) < self.days.numel():
            units = torch.cat([units, torch.zeros_like(units[:1])]).index_select(0, self.option_at)
        return units.view(*self.days.shape, *units.shape[1:])

    @CachedTensorProperty
    def markets_at(self) -> Tensor:
        """[N, q] integers, the markets that have an option at each node, q at most; any where there are fewer."""
        has = self.at_node.amax(dim=0)  # [N, M]
        most = max(int(has.sum(dim=1).max()), 1)
        return has.topk(most, dim=1).indices

    @CachedTensorProperty
    def option_at(self) -> Tensor:
        """[R·M] integers, at rank·M + market which option that is, P where there is none."""
        options = torch.arange(len(self.existing), device=self.days.device)
        none = torch.full((self.days.numel(),), len(options), device=self.days.device)
        return none.index_copy(0, self.existing, options)

    @CachedTensorProperty
    def serving_nodes(self) -> Tensor:
        """[N, P] 1 where the node serves the option."""
        return torch.cat([rank.queues.group for rank in self.ranks], dim=1)
