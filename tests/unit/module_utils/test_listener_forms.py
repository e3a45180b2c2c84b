"""What a listener does and a rule means: our form and AWS's lead to each other and back."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _listener_forms as forms
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from hypothesis import given
from hypothesis import strategies as st

texts = st.text("abcxyz*?/.-", min_size=1, max_size=8)
lists = st.lists(texts, min_size=1, max_size=4, unique=True)
arns = st.sampled_from([f"arn:x:targetgroup/{letter}" for letter in "abcde"])
forwards = st.fixed_dictionaries(
    {
        "forward": st.dictionaries(arns, st.integers(0, 999), min_size=2, max_size=5),
        "sticky_seconds": st.integers(0, 604800),
    }
)
redirects = st.fixed_dictionaries(
    {
        "redirect": st.fixed_dictionaries(
            {
                **dict.fromkeys(("protocol", "host", "port", "path", "query"), texts),
                "status": st.sampled_from([301, 302]),
            }
        )
    }
)
responses = st.fixed_dictionaries(
    {
        "fixed_response": st.fixed_dictionaries(
            {
                "status": st.integers(200, 599),
                "content_type": st.sampled_from(["text/plain", "text/html"]),
                "body": texts,
            }
        )
    }
)
conditions = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("hosts", "paths", "methods", "source_cidrs"), lists),
        "headers": st.dictionaries(st.text("abc-", min_size=1, max_size=4), lists, min_size=1, max_size=3),
    },
)


@given(forwards | redirects | responses)
def test_an_action_comes_back_from_aws_as_it_was_sent(action: forms.Action) -> None:
    assert forms.action_found(forms.action_sent(action)) == action


@given(arns)
def test_a_single_group_has_no_weight_of_its_own(arn: str) -> None:
    action = {"forward": {arn: 1}, "sticky_seconds": 0}
    assert forms.action_sent(action) == [{"Type": "forward", "TargetGroupArn": arn}]
    told = {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn, "Weight": 7}]}}
    assert forms.action_found([told]) == action


@given(conditions)
def test_conditions_come_back_from_aws_as_they_were_sent(said: dict[str, t.Any]) -> None:
    wanted = forms.conditions_wanted(said)
    assert forms.conditions_found(forms.conditions_sent(wanted)) == wanted


def test_what_somebody_else_made_of_a_rule_shows_as_aws_has_it() -> None:
    login = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {}}
    forward = {"Type": "forward", "TargetGroupArn": "arn:x", "Order": 2}
    assert forms.action_found([login, forward]) == {"actions": [login, forward]}
    assert forms.action_found([login]) == {"actions": [login]}
    query = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "a", "Value": "b"}]}}
    assert forms.conditions_found([query]) == {"query-string": []}


@pytest.mark.parametrize("said", [{}, {"forward": "a", "redirect": {"status": 301}}])
def test_there_is_exactly_one_thing_to_do(said: dict[str, t.Any]) -> None:
    with pytest.raises(InputError, match="listener x: give exactly one of forward"):
        forms.action_wanted("listener x", said, str)
