"""Folders, archives and their splits: as the user made them, or one line."""

import itertools
import logging

import image_writers as writers
import numpy as np
import pytest

from nasjax import errors
from nasjax.commands import evaluation
from nasjax.images import load_images

pytest.importorskip("PIL", reason="Pillow is not installed (extra images)")

RED, BLUE, GREEN = (200, 30, 30), (30, 30, 200), (30, 200, 30)


def picture(colour=RED):
  return writers.png(np.full((8, 8, 3), colour, np.uint8))


def tree(*names, colour=RED):
  return dict.fromkeys(names, picture(colour))


def split(folder, num, colour, classes=("cat", "dog")):
  names = itertools.product(classes, range(num))
  return tree(*(f"{folder}/{c}/{i}.png" for c, i in names), colour=colour)


def write(content, tmp_path, form="folder"):
  if form == "zip":
    return writers.zipped(content, tmp_path / "pets.zip")
  if form == "tar":
    return writers.tar_gz(content, tmp_path / "pets.tar.gz")
  return writers.write(content, tmp_path / "pets")


def num_of(images, colour):
  return int((images[:, 0, 0] == colour).all(-1).sum())


FORMS = pytest.mark.parametrize("form", ["folder", "zip", "tar"])


@FORMS
@pytest.mark.parametrize("train", ["train", "Train", "TRAINING"])
@pytest.mark.parametrize("val", [None, "val", "valid", "Validation"])
@pytest.mark.parametrize("test", [None, "test", "Testing"])
def test_splits_stay_as_they_are(train, val, test, form, tmp_path, capsys):
  content = split(train, 6, RED)
  sizes = {"train": 12}
  if val:
    content |= split(val, 4, BLUE)
    sizes["val"] = 8
  if test:
    content |= split(test, 3, GREEN)
    sizes["test"] = 6
  path = write(content, tmp_path, form)
  found = load_images(path)
  assert {name: len(rows) for name, rows in found.splits.items()} == sizes
  assert found.class_names == ("cat", "dog")
  got = evaluation.load(str(path), 8, 0)
  printed = capsys.readouterr().out
  if test or val:
    colour, num = (GREEN, 6) if test else (BLUE, 8)
    assert num_of(got.train_images, RED) == len(got.train_images) == 12
    assert num_of(got.test_images, colour) == len(got.test_images) == num
    assert f"train 12, test {num} from {'test' if test else 'val'}" in printed
    assert ("val 8 left out" in printed) == bool(test and val)
  else:
    assert (len(got.train_images), len(got.test_images)) == (10, 2)
    assert "split off at random" in printed
  assert got.num_classes == 2


@FORMS
@pytest.mark.parametrize(
  "folders",
  [
    ("test",),
    ("val",),
    ("val", "test"),
    ("train", "val", "valid"),
    ("train", "Train"),
    ("train", "test1"),
    ("train_images", "test_images"),
    ("train", "test", "extra"),
    ("train", "cat"),
    ("test", "cat", "dog"),
  ],
)
def test_unclear_splits_are_refused(folders, form, tmp_path):
  content = {}
  for folder in folders:
    content |= split(folder, 2, RED)
  with pytest.raises(errors.UserError, match="expected") as raised:
    load_images(write(content, tmp_path, form))
  assert "\n" not in str(raised.value)
  odd = {"extra", "cat", "valid", "Train", "test1", "train_images"}
  named = sorted(odd & set(folders))
  assert not named or any(name in str(raised.value) for name in folders)


@FORMS
@pytest.mark.parametrize("other", ["val", "test"])
def test_a_class_that_only_another_split_has_is_named(other, form, tmp_path):
  content = split("train", 3, RED) | split(other, 3, RED, ("cat", "fox"))
  with pytest.raises(errors.UserError, match=rf"in {other} .*'fox'.*train has"):
    load_images(write(content, tmp_path, form))


def test_that_holds_for_other_formats(tmp_path):
  np.savez(
    tmp_path / "set.npz",
    images=np.zeros((4, 8, 8, 3), np.uint8),
    labels=[0, 1, 0, 1],
    test_images=np.zeros((2, 8, 8, 3), np.uint8),
    test_labels=[0, 2],
  )
  with pytest.raises(errors.UserError, match=r"class '2' in train too.* test"):
    evaluation.load(str(tmp_path / "set.npz"), 8, 0)


@FORMS
def test_tiny_imagenet(form, tmp_path, capsys):
  ids = ("n01", "n02", "n03")
  content = tree(
    *(f"t/train/{c}/images/{c}_{i}.png" for c in ids for i in "01")
  )
  content |= {f"t/train/{c}/{c}_boxes.txt": b"a 0 0 1 1" for c in ids}
  content |= tree("t/val/images/val_0.png", "t/val/images/val_1.png")
  content["t/wnids.txt"] = b"n01\nn02\nn03\n"
  lines = b"val_0.png\tn03\t0\t1\t2\t3\nval_1.png\tn01\t0\t1\t2\t3\n"
  content["t/val/val_annotations.txt"] = lines
  path = write(content, tmp_path, form)
  found = load_images(path)
  assert found.class_names == ids
  assert found.split("train").labels.tolist() == [0, 0, 1, 1, 2, 2]
  got = evaluation.load(str(path), 8, 0)
  assert dict(zip(("val_1", "val_0"), [0, 2], strict=True)) == {
    name.rpartition("/")[2][:-4]: label
    for name, label in zip(
      found.split("val").images.names, got.test_labels, strict=True
    )
  }
  capsys.readouterr()
  content |= tree("t/test/images/test_0.png")
  with pytest.raises(errors.UserError, match=r"test/images/test_0\.png.*label"):
    load_images(write(content, tmp_path, form))


@pytest.mark.parametrize(
  ("lines", "message"),
  [
    ("a.png n01", "'b.png' is not listed"),
    ("a.png n01\nb.png n01\nc.png n01", "'c.png' is not there"),
    ("a.png n01\na.png n01\nb.png n01", "each image once"),
    ("a.png\nb.png n01", "an image and its class"),
    ("a.png n01\nb.png n09", "'n09', which train has not"),
  ],
)
def test_wrong_annotations_are_refused(lines, message, tmp_path):
  content = split("train", 2, RED, ("n01", "n02"))
  content |= tree("val/images/a.png", "val/images/b.png")
  content["val/val_annotations.txt"] = lines.encode()
  with pytest.raises(errors.UserError, match=message):
    load_images(write(content, tmp_path))


@FORMS
@pytest.mark.parametrize(
  "names",
  [
    [
      *(f"train/{c}.{i}.png" for c in ("cat", "dog") for i in "012"),
      "test1/1.png",
    ],
    [
      *(f"train/{c}.{i}.png" for c in ("cat", "dog") for i in "012"),
      "test/1.png",
    ],
    [*(f"train/{c}_{i}.png" for c in ("cat", "dog") for i in "012")],
    [*(f"images/{c}_{i}.png" for c in ("cat", "dog") for i in "012")],
    [*(f"pets/{c} {i}.png" for c in ("cat", "dog") for i in "012")],
    [*(f"{c}-{i}.png" for c in ("cat", "dog") for i in "012")],
    [*(f"train/{c}{i}.png" for c in ("cat", "dog") for i in "012"), "x/1.png"],
  ],
)
def test_classes_in_the_names_of_files_are_recognised(names, form, tmp_path):
  with pytest.raises(
    errors.UserError, match=r"class in its name \('cat, dog'\).*folder of its"
  ):
    load_images(write(tree(*names), tmp_path, form))


@pytest.mark.parametrize(
  "names",
  [
    ["train/cat/1.png", "train/dog/1.png", "test1/1.png"],
    ["train/cat/1.png", "train/dog/1.png", "test/1.png"],
    ["train/cat/1.png", "train/dog/1.png", "train/loose.png"],
    ["train/images/1.png", "test/images/2.png"],
    ["images/1.png", "labels/1.png"],
    ["1.png", "2.png"],
  ],
)
def test_images_without_a_class_are_named(names, tmp_path):
  with pytest.raises(
    errors.UserError, match=r"folder for each class, got '.*\.png' outside of"
  ):
    load_images(write(tree(*names), tmp_path))


@pytest.mark.parametrize(
  "inner",
  [("train", "test"), ("train_set", "test_set"), ("val",), ("deep/trn",)],
)
def test_splits_inside_classes_are_refused(inner, tmp_path):
  names = itertools.product(("cat", "dog"), inner)
  content = tree(*(f"{name}/{folder}/1.png" for name, folder in names))
  with pytest.raises(errors.UserError, match=r"CLASS/train to train/CLASS"):
    load_images(write(content, tmp_path))


@FORMS
@pytest.mark.parametrize(
  "folders",
  [
    ("seg_train/seg_train", "seg_test/seg_test", "seg_pred/seg_pred"),
    ("my_train", "my_test"),
    ("cats-train", "cats-test"),
    ("trn", "tst"),
    ("XTrain", "XTest"),
    ("trainA", "trainB", "testA", "testB"),
    ("trainA", "trainB"),
    ("fold1", "fold2", "fold3"),
    ("dev",),
    ("train", "dev"),
  ],
)
def test_names_that_speak_of_splits_are_no_classes(folders, form, tmp_path):
  content = {}
  for folder in folders:
    content |= split(folder, 2, RED)
  with pytest.raises(errors.UserError, match=r"train, val") as raised:
    load_images(write(content, tmp_path, form))
  assert any(repr(x.partition("/")[0]) in str(raised.value) for x in folders)
  assert len(str(raised.value)) < 400


@pytest.mark.parametrize(
  "classes",
  [
    ("bullet_train", "car", "train", "x", "y"),
    ("crash_test", "car"),
    ("banana_split", "cake", "steam train"),
    ("contest", "interval", "invalid", "restrain"),
  ],
)
def test_classes_may_hold_such_words(classes, tmp_path):
  content = tree(*(f"{name}/1.png" for name in classes))
  found = load_images(write(content, tmp_path))
  assert found.class_names == tuple(sorted(classes))


@pytest.mark.parametrize("train", ["train/all", "train/images/deep"])
def test_classes_in_file_names_below_a_split_are_recognised(train, tmp_path):
  names = itertools.product(("cat", "dog"), "12")
  content = tree(*(f"{train}/{c}.{i}.png" for c, i in names))
  content |= tree("test/all/1.png") if train == "train/all" else {}
  with pytest.raises(errors.UserError, match=r"class in its name \('cat, dog'"):
    load_images(write(content, tmp_path))


def test_annotations_that_contradict_folders_are_refused(tmp_path):
  content = split("train", 2, RED, ("n1", "n2"))
  content |= tree("val/n1/images/v0.png", "val/n2/images/v1.png")
  content["val/val_annotations.txt"] = b"v0.png n1\nv1.png n2\n"
  found = load_images(write(content, tmp_path, "zip"))
  assert found.split("val").labels.tolist() == [0, 1]
  content["val/val_annotations.txt"] = b"v0.png n1\nv1.png n1\n"
  with pytest.raises(errors.UserError, match=r"'v1.png' lies in 'n2', not in"):
    load_images(write(content, tmp_path))


@FORMS
def test_pictures_beside_class_folders_are_said(form, tmp_path, caplog):
  content = split("train", 2, RED) | split("test", 1, RED)
  content |= tree("sample.png", "preview.png")
  with caplog.at_level(logging.WARNING):
    found = load_images(write(content, tmp_path, form))
  assert len(found) == 6
  assert "2 of 8 images lie outside" in caplog.text
  assert "/preview.png'" in caplog.text


@pytest.mark.parametrize("folder", ["train/fox", "test/dog", "val"])
def test_empty_folders_are_named(folder, tmp_path):
  content = split("train", 2, RED) | split("test", 1, RED, ("cat",))
  path = write(content, tmp_path)
  (path / folder).mkdir()
  with pytest.raises(errors.UserError, match=rf"'{folder}' in .*has no image"):
    load_images(path)


def test_folders_without_images_beside_splits_change_nothing(tmp_path):
  content = split("train", 2, RED) | split("test", 1, RED)
  content |= {"docs/readme.txt": b"words", "empty/": b""}
  found = load_images(write(content, tmp_path, "zip"))
  assert sorted(found.splits) == ["test", "train"]


def test_only_a_test_split_of_another_format_is_refused(tmp_path, rng):
  io = pytest.importorskip("scipy.io")
  images = rng.integers(0, 256, (32, 32, 3, 4), np.uint8)
  arrays = {"X": images, "y": np.array([[1], [2], [1], [2]])}
  (tmp_path / "svhn").mkdir()
  io.savemat(tmp_path / "svhn" / "test_32x32.mat", arrays)
  with pytest.raises(errors.UserError, match="a split train, got test"):
    evaluation.load(str(tmp_path / "svhn"), 8, 0)


def test_splits_of_arrays_stay_too(tmp_path):
  arrays = {}
  for split, num, colour in (("", 6, RED), ("val_", 4, BLUE)):
    images = np.broadcast_to(np.array(colour, np.uint8), (num, 8, 8, 3))
    arrays |= {f"{split}images": images, f"{split}labels": np.arange(num) % 2}
  np.savez(tmp_path / "set.npz", **arrays)
  got = evaluation.load(str(tmp_path / "set.npz"), 8, 0)
  assert num_of(got.train_images, RED) == len(got.train_images) == 6
  assert num_of(got.test_images, BLUE) == len(got.test_images) == 4


@pytest.mark.parametrize(
  "more", [{"test_images": 1}, {"y_test": 1}, {"x_train": 1, "y_train": 1}]
)
def test_arrays_without_their_partner_are_refused(more, tmp_path):
  images, labels = np.zeros((4, 8, 8, 3), np.uint8), np.arange(4) % 2
  more = {key: images if key[0] in "tx" else labels for key in more}
  np.savez(tmp_path / "set.npz", images=images, labels=labels, **more)
  with pytest.raises(errors.UserError, match="each under one name, got"):
    load_images(tmp_path / "set.npz")


@FORMS
def test_what_systems_leave_behind_is_no_class(form, tmp_path, caplog):
  content = split(".", 1, RED)
  content = {name.removeprefix("./"): content[name] for name in content}
  content |= tree(
    "@eaDir/a.png", "cat/@eaDir/a.jpg/thumb.jpg", "#recycle/b.png"
  )
  content |= tree("__MACOSX/cat/._1.png", ".git/a.png", "cat/._0.png")
  content |= {"cat/Thumbs.db": b"x", "dog/.DS_Store": b"x"}
  found = load_images(write(content, tmp_path, form))
  assert found.class_names == ("cat", "dog")
  assert len(found) == 2
  assert not caplog.text


@pytest.mark.parametrize("suffix", ["jfif", "jif", "JPE", "pjpeg"])
def test_other_suffixes_of_jpeg_are_read(suffix, tmp_path):
  content = split("", 1, RED)
  content = {name.lstrip("/"): content[name] for name in content}
  content[f"cat/photo.{suffix}"] = writers.png(
    np.zeros((8, 8, 3), np.uint8), "JPEG"
  )
  found = load_images(write(content, tmp_path))
  assert found.labels.tolist() == [0, 0, 1]
  assert found.resized(8).shape == (3, 8, 8, 3)


@FORMS
def test_images_of_other_formats_are_said(form, tmp_path, caplog):
  content = split("train", 2, RED) | split("test", 1, RED)
  content |= {"train/cat/9.HEIC": b"x", "train/dog/8.jp2": b"x"}
  content |= {"test/dog/7.svg": b"x", "test/dog/.6.heic": b"x", "a.txt": b""}
  with caplog.at_level(logging.WARNING):
    found = load_images(write(content, tmp_path, form))
  assert len(found) == 6
  assert "3 images are of formats that are not read" in caplog.text
  assert "/test/dog/7.svg'" in caplog.text
