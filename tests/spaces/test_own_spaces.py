"""Spaces of one's own: names, requirements, and what is said of mistakes."""

import dataclasses
import itertools
import sys

import jax.numpy as jnp
import numpy as np
import own_space
import pytest
import toy

import nasjax
from nasjax import config as configs
from nasjax import errors, features
from nasjax.benchmarks import registry as benchmarks
from nasjax.commands import own_spaces
from nasjax.spaces import base, registry

Chain = own_space.Chain
OTHERS = """
import dataclasses

SPACE, NUMBER = Chain(), 5


class Raises(Chain):
  name = "raises"

  def __init__(self):
    raise RuntimeError("no such\\nfile")


class Encodes(Chain):
  name = "encodes"

  def encode(self, genotypes):
    return 1 / 0


@dataclasses.dataclass(frozen=True)
class Listed(Chain):
  name = "listed"
  parts: list = dataclasses.field(default_factory=list)
"""
_calls = itertools.count()


def mistake(call, *args, **kwargs):
  """The one line that a user's mistake ends in."""
  with pytest.raises(errors.UserError) as caught:
    call(*args, **kwargs)
  text = str(caught.value)
  assert "\n" not in text
  return text


def changed(**attributes):
  """A chain with other attributes."""
  space = Chain()
  for name, value in attributes.items():
    setattr(space, name, value)
  return space


def test_a_registered_space_is_known_by_its_name():
  assert "'chain'" in mistake(nasjax.get_space, "chain")
  space = nasjax.register_space(Chain())
  assert nasjax.get_space("chain") is space
  assert registry.space_names() == ("nb101", "nb201", "darts", "chain")
  assert nasjax.register_space(space) is space
  again = Chain()
  assert nasjax.register_space(again) is nasjax.get_space("chain") is again


def test_a_taken_name():
  nasjax.register_space(Chain())
  other = toy.Toy()
  other.name = "chain"
  for take in (nasjax.register_space, nasjax.Predictor):
    said = mistake(take, other)
    assert "'chain' is taken by the class my_space.Chain" in said
    assert "another name of toy.Toy" in said
  said = mistake(nasjax.register_space, changed(name="nb201"))
  assert "'nb201' is taken by the class nasjax.spaces.nb201.NB201" in said
  nb201 = nasjax.get_space("nb201")
  assert nasjax.register_space(nb201) is nb201
  said = mistake(nasjax.register_space, type(nb201)())
  assert "'nb201' belongs to a space of nasjax" in said
  assert registry.space_names() == ("nb101", "nb201", "darts", "chain")


def test_what_is_no_space():
  assert "got the class Chain; make one: Chain()" in mistake(
    nasjax.Predictor, Chain
  )
  for value in (3, None, ["nb201"]):
    assert "expected one of 'nb101'" in mistake(nasjax.register_space, value)
  said = mistake(nasjax.Predictor, "chain")
  assert said.startswith("unknown space 'chain': expected one of 'nb101'")
  assert said.endswith("nasjax.register_space(space)")


@pytest.mark.parametrize(
  ("attribute", "value", "message"),
  [
    ("name", "my space", "name: expected a text of at most 64 letters"),
    ("name", None, "name: expected a text"),
    ("genotype_length", 0, "a whole number of at least 1, got 0"),
    ("num_nodes", 6.0, "num_nodes: expected a whole number"),
    ("max_hops", None, "max_hops: expected a whole number"),
    ("num_cells", 4, "num_nodes: expected a multiple of num_cells = 4, got 6"),
    ("size", 0, "of at least 1, or None, got 0"),
    ("op_names", ["a"], "op_names: expected a tuple of names, got ['a']"),
    ("operator_names", (), "operator_names: expected a tuple of names"),
    ("operator_names", ("conv_9x9",), "unknown operator 'conv_9x9'"),
    ("operator_names", ("input",), "operators without input, output, none"),
    (
      "sample",
      lambda num, rng: np.zeros((num, 4)),
      "sample(3, rng): expected an int8 array of shape [3, 4], got float64",
    ),
    (
      "sample",
      lambda num, rng: np.full((num, 4), next(_calls) % 2, np.int8),
      "the same samples of generators with one seed, got others",
    ),
    ("is_valid", lambda rows: rows[:, 0] < 0, "3 times True for its own"),
    ("encode", lambda rows: rows, "EncodedCells, got"),
    ("num_nodes", 7, "field ops: expected int32 of shape [3, 7], got int32 of"),
  ],
)
def test_what_a_space_must_have(attribute, value, message):
  space = changed(**{attribute: value})
  for take in (nasjax.register_space, nasjax.Predictor):
    assert message in mistake(take, space)
  assert registry.space_names() == ("nb101", "nb201", "darts")


def test_a_space_without_an_attribute():
  for attribute in ("name", "max_hops", "op_names", "size"):
    source = dict(vars(toy.Toy))
    source.pop(attribute, None)
    bare = type("Bare", (base.Space,), source)()
    vars(bare).pop(attribute, None)
    assert f"{attribute}: expected" in mistake(nasjax.Predictor, bare)
    assert ", got none; see" in mistake(nasjax.Predictor, bare)


def test_a_space_without_a_hash():
  """A dataclass that can change, and one that holds what can change."""
  parts = ("parts", list, dataclasses.field(default_factory=list))
  kinds = (
    dataclasses.make_dataclass("Open", [], bases=(Chain,)),
    dataclasses.make_dataclass("Listed", [parts], bases=(Chain,), frozen=True),
  )
  for kind in kinds:
    for take in (nasjax.register_space, nasjax.Predictor):
      said = mistake(take, kind())
      assert "__hash__: expected a method that works" in said
      assert "got TypeError: unhashable type: " in said


def test_a_graph_of_another_type():
  class Wide(Chain):
    def encode(self, genotypes):
      cells = super().encode(genotypes)
      return cells._replace(mask=cells.mask.astype(jnp.bool_))

  said = mistake(nasjax.register_space, Wide())
  assert "field mask: expected float32 of shape [3, 6], got bool of" in said


def test_defaults_of_a_space():
  space = Chain()
  expected = configs.override(configs.default(), {"space": "chain"})
  assert configs.space_defaults(space).to_dict() == expected.to_dict()
  space.defaults = {"model.paths": True, "num_members": 3}
  found = configs.space_defaults(space)
  assert (found.space, found.model.paths, found.num_members) == (
    "chain",
    True,
    3,
  )
  assert "unknown space 'chain'" in mistake(configs.space_defaults, "chain")
  nasjax.register_space(space)
  moved = configs.move(configs.space_defaults("nb201"), "chain")
  assert moved.to_dict() == found.to_dict()
  assert configs.move(moved, "darts").to_dict() == (
    configs.space_defaults("darts").to_dict()
  )
  space.defaults = {"model.pahts": True}
  assert "unknown config field 'model.pahts'" in mistake(
    configs.space_defaults, space
  )
  assert "space of a student 'chain'" in mistake(
    configs.student_defaults, "chain"
  )


def test_what_a_space_does_not_have():
  space = nasjax.register_space(Chain())
  cells = space.sample(2, np.random.default_rng(0))
  assert "'chain' has no benchmark of known accuracies" in mistake(
    benchmarks.default_benchmark, "chain"
  )
  assert "does not count parameters: expected a method num_params of Chain" in (
    mistake(space.num_params, cells)
  )
  assert "does not count multiply-adds" in mistake(space.flops, cells)
  assert "does not number its cells" in mistake(space.rows, cells)
  for field, reason in (
    ("edges", "expected a space with edge features"),
    ("functions", "compute the same function"),
  ):
    model = nasjax.Predictor(space, epochs=1, model={field: True})
    assert reason in mistake(model.fit, cells, [1.0, 2.0])


def test_default_benchmarks():
  expected = {"nb101": "nb101", "nb201": "nb201_analog", "darts": "nb301"}
  for name in registry.space_names():
    assert benchmarks.default_benchmark(name) == expected[name]
  said = mistake(benchmarks.default_benchmark, "nope")
  assert said.startswith("unknown space 'nope'")


def test_features_of_a_space_by_name():
  space = nasjax.register_space(Chain())
  cells = space.parse(["0-1-2-1", "1-1-1-1"])
  names = features.feature_names("chain")
  found = features.graph_features("chain", cells)
  assert found.shape == (2, len(names))
  column = names.index("count (conv_3x3)")
  np.testing.assert_array_equal(found[:, column], [2 / 4, 4 / 4])
  np.testing.assert_array_equal(found, features.graph_features(space, cells))


def test_choices_by_hand():
  class Three(Chain):
    name, choices = "three", (2, 1, 3)

  space = Three()
  assert (space.genotype_length, space.size) == (3, 6)
  cells = space.enumerate()
  assert space.format(cells) == [
    *("0-0-0", "0-0-1", "0-0-2", "1-0-0", "1-0-1", "1-0-2"),
  ]
  np.testing.assert_array_equal(space.parse(space.format(cells)), cells)
  np.testing.assert_array_equal(space.lookup_keys(cells), np.arange(6))
  around = space.neighbours(np.array([1, 0, 1], np.int8))
  assert space.format(around) == ["0-0-1", "1-0-0", "1-0-2"]
  bad = np.array([[2, 0, 0], [0, 1, 0], [0, 0, -1], [1, 0, 2]])
  assert space.is_valid(bad).tolist() == [False, False, False, True]
  assert space.parse([" '1-0-2' "]).tolist() == [[1, 0, 2]]
  for text in ("1-0", "2-0-0", "1-0-x", "1--0-2", 7, "1-0-2-0"):
    said = mistake(space.parse, ["0-0-0", text])
    assert "arch 1 of 'three': expected 3 numbers joined by -" in said
    assert "from 0-0-0 to 1-0-2" in said
  alone = np.zeros((2, 2), np.int8)
  only = type("Only", (Chain,), {"choices": (1, 1)})()
  children = only.mutate(alone, np.random.default_rng(0))
  np.testing.assert_array_equal(children, alone)
  for choices in (None, (), (0, 3), (128,), (2.0,), 5):
    bad = type("Bad", (Chain,), {"choices": choices})
    assert "choices of Bad: expected a tuple of whole" in mistake(bad)


def test_keys_of_more_choices_than_64_bits(rng):
  class Large(Chain):
    name, choices = "large", (4,) * 40

  space = Large()
  assert (space.size, space.num_genotypes) == (None, 4**40)
  cells = np.unique(space.sample(2000, rng), axis=0)
  assert len(np.unique(space.lookup_keys(cells))) == len(cells) == 2000
  one = space.sample(1, rng)[0]
  around = space.neighbours(one)
  assert len(np.unique(space.lookup_keys(around))) == len(around) == 120
  assert "cannot be enumerated" in mistake(space.enumerate)


def test_a_space_of_a_module(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  monkeypatch.setattr(sys, "path", list(sys.path))
  source = own_space.SOURCE + OTHERS
  (tmp_path / "of_module.py").write_text(source)
  (tmp_path / "broken_module.py").write_text("import nowhere_at_all\n")
  assert own_spaces.find("nb201") == own_spaces.reference("nb201") == "nb201"
  assert own_spaces.find("of_module:SPACE") == "chain"
  assert own_spaces.find("of_module:Chain") == "chain"
  assert own_spaces.reference("chain") == "of_module:Chain"
  assert isinstance(nasjax.get_space("chain"), base.Space)
  for text, reason in (
    ("chian", "or MODULE:NAME of one's own, as in my_space:MySpace"),
    ("of_module:Nope", "expected 'Nope' in the module 'of_module'"),
    ("of_module:EncodedCells", "a class that makes a space without arguments"),
    ("of_module:jnp", "expected a nasjax.Space, or a class that makes one"),
    ("of_module:NUMBER", "without arguments, got 5"),
    ("of_module:Raises", "got RuntimeError: no such file; name an object"),
    ("of_module:Encodes", "encode work, got ZeroDivisionError: division by"),
    ("of_module:Listed", "__hash__: expected a method that works, since"),
    ("of_module:", "expected a name, or MODULE:NAME"),
    ("a b:c", "expected a name, or MODULE:NAME"),
    ("no_such_module:X", "ModuleNotFoundError: No module named 'no_such_m"),
    ("broken_module:X", "No module named 'nowhere_at_all'"),
  ):
    assert reason in mistake(own_spaces.find, text)
