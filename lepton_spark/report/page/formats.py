"""Figures as people read them; `-` where a figure is undefined."""

NONE = "–"  # noqa: RUF001  an en dash is what tables show for nothing


def units(value: float | None) -> str:
    """Units: whole from 100 on, else with one digit.

    >>> units(1234.5), units(3.25), units(2.0), units(None) == NONE
    ('1,234', '3.2', '2', True)
    """
    if value is None:
        return NONE
    if abs(value) >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}"


def change(value: float) -> str:
    """Units with their sign.

    >>> change(12.0), change(-0.5)
    ('+12', '-0.5')
    """
    return f"+{units(value)}" if value > 0 else units(value)


def share(value: float | None) -> str:
    """A ratio in per cent.

    >>> share(0.1234), share(1.5)
    ('12.3 %', '150 %')
    """
    if value is None:
        return NONE
    return f"{value:.0%}".replace("%", " %") if abs(value) >= 1 else f"{value:.1%}".replace("%", " %")


def signed_share(value: float | None) -> str:
    """A ratio in per cent with its sign.

    >>> signed_share(0.05)
    '+5.0 %'
    """
    return NONE if value is None else f"{value:+.1%}".replace("%", " %")


def ratio(value: float | None) -> str:
    """A ratio with three digits.

    >>> ratio(0.7)
    '0.700'
    """
    return NONE if value is None else f"{value:.3f}"


def count(value: int) -> str:
    """A whole number.

    >>> count(12345)
    '12,345'
    """
    return f"{value:,}"
