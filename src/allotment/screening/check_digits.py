"""Check digits: each function tells whether a string of digits (or letters) proves itself.

Invariant: pure, total for the alphabet it names. Refuses: knowing which document a number belongs to.
"""

from collections.abc import Sequence

# Verhoeff, "Error Detecting Decimal Codes" (1969): multiplication in the dihedral group D5; its permutation.
_D5 = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PERMUTATION = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1 annex B: payment cards and the Swedish personal number."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) << (place & 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - the sum of two digits
    return total % 10 == 0


def verhoeff(number: str) -> bool:
    """The dihedral check that Aadhaar numbers end with."""
    check = 0
    for place, digit in enumerate(reversed(number)):
        check = int(_D5[check][int(_PERMUTATION[place % 8][int(digit)])])
    return check == 0


def iso7064_mod_97_10(characters: str) -> bool:
    """ISO 7064 MOD 97-10 with letters as 10 to 35, as IBANs use it (ISO 13616-1): 1 modulo 97."""
    return int("".join(str(int(character, 36)) for character in characters)) % 97 == 1


def iso7064_mod_11_10(number: str) -> bool:
    """ISO 7064 MOD 11,10: the German tax number."""
    product = 10
    for digit in number[:-1]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(number[-1])


def weighted(number: str, weights: Sequence[int]) -> int:
    """Return the sum of each digit times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True))
