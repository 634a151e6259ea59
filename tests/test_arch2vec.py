"""arch2vec: losses by hand, invariance, exact resume, embedders, bad input."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nasjax
from nasjax import compiler, errors, files, operators
from nasjax.config import representation as fields
from nasjax.experiments import representation
from nasjax.spaces import registry
from nasjax.systems.arch2vec import (
  drawing,
  embeddings,
  model,
  objective,
  reconstruction,
  training,
)

TINY = {
  "num_cells": 64,
  "epochs": 2,
  "batch_size": 16,
  "model.width": 8,
  "model.num_layers": 2,
  "model.latent": 4,
}


def config_of(space, **others):
  wanted = {**TINY, **{k.replace("__", "."): v for k, v in others.items()}}
  return fields.override(fields.space_defaults(space), wanted)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
  """A workdir of a tiny training, and its summary."""
  folder = tmp_path_factory.mktemp("arch2vec") / "run"
  return folder, representation.run(config_of("nb201"), folder)


def draw(space, genotypes):
  program = compiler.jit(lambda rows: drawing.draw(space, rows))
  return jax.tree.map(np.asarray, program(jnp.asarray(genotypes)))


def test_the_output_is_last_and_absent_nodes_stand_before_it():
  space = registry.get_space("nb101")
  cell = space.parse(["011/001/000:input+maxpool3x3+output"])
  found = draw(space, cell)
  kinds = drawing.classes_of(space)
  pool = kinds.ids().tolist().index(operators.operator_id("max_pool_3x3"))
  assert found.classes[0].tolist() == [0, pool, 2, 2, 2, 2, 1]
  assert np.argwhere(found.adjacency[0]).tolist() == [[0, 1], [0, 6], [1, 6]]


def test_inputs_of_darts_are_two_classes_and_cells_stand_side_by_side():
  space = registry.get_space("darts")
  found = draw(space, space.sample(3, np.random.default_rng(0)))
  assert found.classes.shape == (6, 11)
  assert (found.classes[:, :2] == [0, 1]).all()
  assert (found.adjacency[:, :, 10].sum(axis=1) == 8).all()


def test_ties_tell_equal_chains_apart():
  space = registry.get_space("nb101")
  matrix = np.zeros((6, 6), int)
  matrix[[0, 0, 1, 2, 3, 4], [1, 2, 3, 4, 5, 5]] = 1
  conv, pool = "conv3x3-bn-relu", "maxpool3x3"
  ops = ["input", conv, conv, pool, pool, "output"]
  cells = space.parse([(matrix.tolist(), ops)])
  assert draw(space, cells).ties[0].tolist() == [0, 0, 1, 0, 1, 0, 0]


@pytest.mark.parametrize("encoder", model.ENCODERS)
def test_the_numbering_of_nodes_changes_no_embedding(encoder):
  space = registry.get_space("nb101")
  network = model.Arch2Vec(
    num_classes=6, encoder=encoder, width=8, num_layers=2
  )
  conv, pool = "conv3x3-bn-relu", "maxpool3x3"
  first = ([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0] * 4], [conv, pool])
  cells = space.parse(
    [
      (first[0], ["input", *ops, "output"])
      for ops in (first[1], first[1][::-1])
    ]
  )
  drawn = draw(space, cells)
  assert (drawn.classes[0] != drawn.classes[1]).any()
  variables = network.init(jax.random.key(0), drawn)
  mean = network.apply(variables, drawn, method="encode").mean.mean(axis=1)
  np.testing.assert_allclose(mean[0], mean[1], atol=1e-6)


def test_losses_of_an_untrained_decoder_by_hand():
  """With zero parameters every logit is 0, every posterior the prior."""
  space = registry.get_space("nb201")
  drawn = draw(space, space.sample(4, np.random.default_rng(0)))
  network = model.Arch2Vec(num_classes=7, width=8, num_layers=1)
  variables = network.init(jax.random.key(0), drawn)
  zeros = jax.tree.map(jnp.zeros_like, variables)
  found, _ = objective.losses(
    network, zeros, drawn, jax.random.key(1), variational=False
  )
  assert float(found["operations"]) == pytest.approx(np.log(2), abs=1e-5)
  assert float(found["adjacency"]) == pytest.approx(np.log(2), abs=1e-5)
  assert float(found["kl"]) == pytest.approx(0, abs=1e-5)


def test_kl_of_a_posterior_by_hand():
  posterior = model.Latent(
    jnp.full((1, 1, 2), 1.0), jnp.log(jnp.full((1, 1, 2), 2.0))
  )
  # (1 + 4 - 1 - 2 log 2) / 2 of each of two numbers
  assert float(objective._kl(posterior)) == pytest.approx(4 - 2 * np.log(2))


def test_fused_products_change_no_gradient():
  space = registry.get_space("nb201")
  cells = jax.tree.map(jnp.asarray, draw(space, space.enumerate()[200:232]))
  net = training.make_model(
    config_of("nb201", model__width=32), drawing.classes_of(space).num
  )
  variables = compiler.jit(net.init)(jax.random.key(0), cells)
  stats = variables["batch_stats"]

  def total(params, key):
    each, _ = objective.losses(
      net,
      {"params": params, "batch_stats": stats},
      cells,
      key,
      variational=True,
    )
    return each["operations"] + each["adjacency"] + each["kl"]

  plain, fused = (
    jax.tree.leaves(
      compiler.jit(jax.grad(total), fused=on)(
        variables["params"], jax.random.key(1)
      )
    )
    for on in (False, True)
  )
  size = np.sqrt(sum(np.sum(each**2) for each in plain))
  off = np.sqrt(
    sum(np.sum((a - b) ** 2) for a, b in zip(plain, fused, strict=True))
  )
  assert size > 0.1
  assert off / size < 1e-4


@pytest.mark.parametrize(("num_cells", "fused"), [(1, False), (2, True)])
def test_products_of_one_cell_are_not_fused(monkeypatch, num_cells, fused):
  """Fused products read wrong memory where a leading axis has size one."""
  asked = []
  monkeypatch.setattr(
    training.compiler, "jit", lambda _, **options: asked.append(options)
  )
  config = config_of("nb201")
  net = training.make_model(config, 7)
  training.make_round(config, net, num_cells)
  assert [options["fused"] for options in asked] == [fused]


def test_shares_that_are_right():
  space = registry.get_space("nb201")
  drawn = draw(space, space.enumerate()[:1500])

  class Oracle(model.Arch2Vec):
    """Gives back the cells, but for one operation of every third cell."""

    def setup(self):
      pass

    def __call__(self, cells):
      wrong = (jnp.sum(cells.classes[:, 1:7], axis=-1) % 3 == 0).astype(int)
      codes = cells.classes.astype(int).at[:, 3].add(wrong)
      logits = jax.nn.one_hot(codes % 7, 7)
      return model.Logits(logits, cells.adjacency - 0.5)

  right = reconstruction.measure(Oracle(num_classes=7), {}, drawn)
  share = (drawn.classes[:, 1:7].sum(axis=1) % 3 == 0).mean()
  assert right.graphs == pytest.approx(1 - share)
  assert right.adjacency == 1
  assert right.operations == pytest.approx(1 - share / 8)
  assert right.entries == pytest.approx(1 - share / 36)


def test_a_training_lowers_its_losses_and_writes_what_it_says(trained):
  folder, summary = trained
  lines = (folder / "metrics.jsonl").read_text().splitlines()
  found = [json.loads(line) for line in lines]
  assert [each["epoch"] for each in found] == [1, 2]
  assert set(found[0]) == {"epoch", *training.LOSSES}
  assert found[1]["loss"] < found[0]["loss"]
  kept = json.loads((folder / "summary.json").read_text())
  assert kept == summary
  assert kept["num_cells"] == 64
  assert 0 <= kept["reconstruction_entries"] <= 100


def test_a_resumed_training_is_the_same_bit_for_bit(
  trained, tmp_path, monkeypatch
):
  folder, _ = trained
  own = tmp_path / "run"

  def interrupt(*_):
    raise KeyboardInterrupt

  with monkeypatch.context() as patch:
    patch.setattr(
      "nasjax.experiments.metrics_log.MetricsLog.write",
      lambda self, record: record["epoch"] > 1 and interrupt(),
    )
    with pytest.raises(KeyboardInterrupt):
      representation.run(config_of("nb201"), own)
  assert not (own / "embeddings.npz").exists()
  representation.run(config_of("nb201"), own)
  space = registry.get_space("nb201")
  first, second = (
    embeddings.load(each / "embeddings.npz", space) for each in (folder, own)
  )
  np.testing.assert_array_equal(first.values, second.values)


def test_an_embedder_gives_the_embeddings_of_its_training(trained):
  folder, summary = trained
  embedder = nasjax.Embedder.load(folder, "nb201")
  assert embedder.card["commit"] == summary["commit"]
  kept = embeddings.load(folder / "embeddings.npz", embedder.space)
  assert kept.values.shape == (64, embedder.width) == (64, 4)
  texts = embedder.space.format(kept.genotypes)
  np.testing.assert_allclose(embedder.embed(texts), kept.values, atol=1e-6)
  nodes = embedder.encode(kept.genotypes)
  np.testing.assert_allclose(nodes.mean(axis=(1, 2)), kept.values, atol=1e-6)
  again = nasjax.Embedder.load(folder / "embedder")
  np.testing.assert_array_equal(
    again.embed(kept.genotypes), embedder.embed(kept.genotypes)
  )
  assert embedder.embed(kept.genotypes[:0]).shape == (0, 4)
  rows = kept.genotypes[:5]
  for given in (rows.tolist(), jnp.asarray(rows)):
    np.testing.assert_array_equal(embedder.embed(given), embedder.embed(rows))


def test_many_cells_compile_once_for_a_power_of_two(trained):
  embedder = nasjax.Embedder.load(trained[0])
  cells = embedder.space.enumerate()
  whole = embedder.embed(cells[:3000])
  np.testing.assert_allclose(
    embedder.embed(cells[2500:3000]), whole[2500:], atol=1e-6
  )


def test_decoded_cells_are_cells_of_the_space(trained):
  embedder = nasjax.Embedder.load(trained[0])
  latent = embedder.sample(50, np.random.default_rng(0))
  genotypes, valid = embedder.decode(latent[:, None])
  assert genotypes.shape == (50, 6)
  assert embedder.space.is_valid(genotypes[valid]).all()
  with pytest.raises(errors.UserError, match=r"expected shape \[n, 1, 8, 4\]"):
    embedder.decode(latent)
  with pytest.raises(errors.UserError, match=r"expected shape \[n, 8, 4\]"):
    embedder.decode_cells(latent[0])
  with pytest.raises(errors.UserError, match="expected an array of numbers"):
    embedder.decode([[1], [1, 2]])


@pytest.mark.slow
def test_darts_decodes_pairs_of_cells():
  space = registry.get_space("darts")
  config = config_of("darts", num_cells=20, epochs=1)
  genotypes = representation.cells_of(space, config)
  found, _ = representation.train(config, space, genotypes)
  embedder = nasjax.Embedder(
    space, found.model, found.variables, found.prior, {}
  )
  assert embedder.embed(genotypes).shape == (20, 8)
  drawn = draw(space, genotypes)
  back, valid = embedder.read_cells(drawn.classes, drawn.adjacency)
  assert valid.all()
  np.testing.assert_array_equal(back, genotypes)
  swapped = drawn.classes.copy()
  swapped[:, :2] = 1, 0  # the two inputs of a cell are not one class
  assert not embedder.read_cells(swapped, drawn.adjacency)[1].any()


def test_an_embedder_of_another_space_is_refused(trained):
  with pytest.raises(errors.UserError, match="expected one of 'nb101'"):
    nasjax.Embedder.load(trained[0], "nb101")
  embedder = nasjax.Embedder.load(trained[0])
  cell = ["011/001/000:input+maxpool3x3+output"]
  with pytest.raises(errors.UserError, match="arch 0 of 'nb201'"):
    embedder.embed(cell)
  space = registry.get_space("nb101")
  with pytest.raises(errors.UserError, match="expected those of 'nb101'"):
    embeddings.load(trained[0] / "embeddings.npz", space)


def test_damaged_files_are_one_line(trained, tmp_path):
  space = registry.get_space("nb201")
  content = (trained[0] / "embeddings.npz").read_bytes()
  path = tmp_path / "embeddings.npz"
  path.write_bytes(content[: len(content) // 2])
  with pytest.raises(
    errors.UserError, match=r"not a complete \.npz.*run the training"
  ):
    embeddings.load(path, space)
  files.save_npz(path, genotypes=np.zeros((1, 6), np.int8))
  with pytest.raises(errors.UserError, match="got the arrays genotypes"):
    embeddings.load(path, space)
  arrays = files.load_npz(trained[0] / "embeddings.npz")
  arrays["genotypes"] = np.array(3, np.int8)
  files.save_npz(path, **arrays)
  with pytest.raises(errors.UserError, match="not one finite row"):
    embeddings.load(path, space)
  folder = tmp_path / "embedder"
  folder.mkdir()
  with np.load(trained[0] / "embedder" / "embedder.npz") as archive:
    arrays = dict(archive)
  arrays["prior"] = arrays["prior"] + 1
  np.savez(folder / "embedder.npz", allow_pickle=False, **arrays)
  with pytest.raises(errors.UserError, match=r"checksum: .* train it again"):
    nasjax.Embedder.load(folder)
  with pytest.raises(errors.UserError, match="no embedder in"):
    nasjax.Embedder.load(tmp_path / "nothing")


@pytest.mark.parametrize(
  ("change", "message"),
  [
    ({"width": 2**40}, "model.width"),
    ({"width": 16}, "arrays of the shapes"),
    ({"encoder": "mlp"}, "model.encoder"),
    ({"latent": True}, "model.latent"),
  ],
)
def test_a_changed_description_is_refused(trained, tmp_path, change, message):
  arrays = files.load_npz(trained[0] / "embedder" / "embedder.npz")
  description = json.loads(str(arrays["description"]))
  description["model"].update(change)
  arrays["description"] = np.array(json.dumps(description))
  files.save_npz(tmp_path / "embedder.npz", **arrays)
  with pytest.raises(errors.UserError, match=message):
    nasjax.Embedder.load(tmp_path)


@pytest.mark.parametrize(
  "change",
  [
    lambda name, bias: {name: np.full(bias.shape, "a")},
    lambda name, bias: {name: bias.astype(np.float64)},
    lambda name, bias: {name + "/more": bias},
    lambda name, bias: {"prior": np.zeros((2, 8, 4), np.int8)},
  ],
)
def test_other_arrays_are_refused(trained, tmp_path, change):
  arrays = files.load_npz(trained[0] / "embedder" / "embedder.npz")
  name = "variables/params/mean/bias"
  arrays.update(change(name, arrays[name]))
  files.save_npz(tmp_path / "embedder.npz", **arrays)
  with pytest.raises(errors.UserError, match="arrays of the shapes"):
    nasjax.Embedder.load(tmp_path)


def test_fields_of_predictors_are_refused():
  for name in ("train_label", "benchmark", "kernel.weight"):
    with pytest.raises(errors.UserError, match="which sees no labels"):
      config_of("nb201", **{name: "val"})
  with pytest.raises(errors.UserError, match=r"config\.kl_weight"):
    config_of("nb201", kl_weight=-1.0)
  with pytest.raises(errors.UserError, match=r"model\.encoder"):
    config_of("nb201", model__encoder="mlp")
  with pytest.raises(errors.UserError, match="expected 'arch2vec' in this"):
    config_of("nb201", model__name="pinat")


def test_another_space_brings_its_defaults():
  config = fields.override(fields.space_defaults("nb201"), {"space": "darts"})
  assert config.num_cells == 50_000
  space = registry.get_space("darts")
  config.num_cells = 0
  with pytest.raises(errors.UserError, match="cannot be enumerated"):
    representation.cells_of(space, config)


def test_an_epoch_of_many_steps_is_several_rounds():
  config = config_of("nb201", batch_size=2)
  plan = training.make_plan(config, 4002)
  assert dataclasses.astuple(plan) == (2, 667, 3, 6)
