"""The types of the settings that learners share; a recipe's values are checked against them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Folds = Annotated[int, Field(ge=2)]
Kernel = Literal["linear", "poly", "rbf"]
Gamma = Literal["scale", "auto"] | Positive
ClassWeight = Literal["balanced"] | dict[str, Positive] | None
Seed = Annotated[int, Field(ge=0)] | None
Share = Annotated[float, Field(ge=0, lt=1)]
Layers = Annotated[int, Field(ge=0)] | Literal["all"]
Pieces = Annotated[int, Field(ge=3)]
