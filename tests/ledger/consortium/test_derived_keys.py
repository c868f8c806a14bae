"""Keys and codes follow from the seed, and the codes carry the check characters of their standards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.consortium.keys import CREDIT_CHARACTERS, credit_code, draw, member_key, number
from ledger.suites import suite


def check_holds(code):
    """GB 32100-2015: the weighted sum of all 18 characters is a multiple of 31."""
    return sum(CREDIT_CHARACTERS.index(each) * pow(3, at, 31) for at, each in enumerate(code)) % 31 == (
        CREDIT_CHARACTERS.index(code[17]) * (pow(3, 17, 31) - 1) % 31
    )


def test_the_check_is_the_standards_own():
    """A published code: the example company of the standard's commentaries, Tencent's registration in Shenzhen."""
    assert check_holds("9144030071526726XG")


@given(st.integers(0, 2**40), st.text(max_size=30))
def test_every_credit_code_carries_its_check(seed, name):
    code = credit_code(seed, name)
    assert len(code) == 18
    assert check_holds(code)


def test_names_do_not_run_together():
    assert draw(1, "ab", "c") != draw(1, "a", "bc")
    assert draw(1, "a") != draw(2, "a")


@pytest.mark.parametrize("name", ["sm", "ecdsa"])
def test_a_key_follows_from_seed_and_name(name):
    crypto = suite(name)
    assert member_key(crypto, 1, "a").public_key == member_key(crypto, 1, "a").public_key
    assert len({member_key(crypto, seed, who).public_key for seed in (1, 2) for who in "ab"}) == 4


def test_a_number_needs_room():
    with pytest.raises(ValueError, match="positive"):
        number(1, "x", below=0)
