"""The folder layouts of CelebA, Places2, Paris StreetView, Dunhuang and ADE20K: root and split -> files."""

from collections.abc import Callable
from pathlib import Path

from inpaintlib.errors import InputError
from inpaintlib.image_io import list_images


def celeba(root: Path, split: str) -> list[Path]:
    """CelebA: img_align_celeba/*.jpg (or an inner folder of that name), or CelebA-HQ images lying in `root` itself.

    With list_eval_partition.txt (or .csv) beside it the official train/val/test; without, sorted by name, the last
    2000 of 30 000 are val and test alike (TSGL IV-A: 28 000 training and 2000 validation images), the same share of
    1/15 for any other number.
    """
    images = next(
        (d for d in (root / "img_align_celeba" / "img_align_celeba", root / "img_align_celeba") if d.is_dir()), root
    )
    paths = _images(images, "celeba", root, "img_align_celeba/ with JPEG files, and list_eval_partition.txt")
    for listing in (root / "list_eval_partition.txt", root / "list_eval_partition.csv"):
        if listing.is_file():
            return _partition(paths, listing, split)
    held_out = max(1, round(len(paths) / 15))
    return paths[:-held_out] if split == "train" else paths[-held_out:]


def places2(root: Path, split: str) -> list[Path]:
    """Places2 (Places365): data_large or data_256 (train), val_large or val_256, test_large or test_256; plain train,
    val and test folders as well. Folders may be nested.

    With the data set's own list beside them (places365_train_standard.txt, places365_val.txt, ...) the files are those
    of the list, which spares walking millions of files. Without a test folder, val serves as test.
    """
    folders = {"train": ("data_large", "data_256", "train"), "val": ("val_large", "val_256", "val")}
    folders["test"] = ("test_large", "test_256", "test", *folders["val"])
    for name in folders[split]:
        kind = name.split("_")[0].replace("data", "train")
        lists = sorted(root.glob(f"places365_{kind}*.txt"))
        if lists and (root / name).is_dir():
            lines = lists[0].read_text(encoding="utf-8").splitlines()
            return [root / name / line.split()[0].lstrip("/") for line in lines if line.strip()]
    return _first(root, "places2", folders[split])


def paris_streetview(root: Path, split: str) -> list[Path]:
    """Paris StreetView: paris_train_original (14 900 images); paris_eval/paris_eval_gt (100) is val and test."""
    evaluation = ("paris_eval/paris_eval_gt", "paris_eval_gt")
    return _first(root, "paris_streetview", ("paris_train_original",) if split == "train" else evaluation)


def dunhuang(root: Path, split: str) -> list[Path]:
    """Dunhuang Grottoes: whole images in train/images, train/gt or train itself, likewise test; test serves as val."""
    part = "train" if split == "train" else "test"
    paths = _first(root, "dunhuang", (f"{part}/images", f"{part}/gt", part))
    return [path for path in paths if "masks" not in path.relative_to(root).parts]


def dunhuang_masks(root: Path, split: str) -> list[Path]:
    """The challenge's own mask of each photograph of `dunhuang`, in the same order.

    They lie in train/masks (or mask-train), likewise test, and have the photograph's stem, with or without "_mask".
    Raises InputError when a folder or a mask is missing.
    """
    part = "train" if split == "train" else "test"
    files = _first(root, "dunhuang", (f"{part}/masks", f"mask-{part}"))
    masks = {path.stem.removesuffix("_mask"): path for path in files}
    photos = dunhuang(root, split)
    missing = [path.name for path in photos if path.stem not in masks]
    if missing:
        raise InputError(f"{files[0].parent}: has no mask for {missing[0]}; give one of the same name for every image.")
    return [masks[path.stem] for path in photos]


def ade20k(root: Path, split: str) -> list[Path]:
    """ADE20K (ADEChallengeData2016): images/training and images/validation, which is val and test."""
    return _first(root, "ade20k", ("images/training" if split == "train" else "images/validation",))


def ade20k_annotation(photo: Path) -> Path:
    """The segmentation map of an ADE20K photograph: annotations/<same folder>/<same stem>.png, values 0..150.

    Raises InputError when it is not there.
    """
    root = photo.parent.parent.parent
    path = root / "annotations" / photo.parent.name / f"{photo.stem}.png"
    if not path.is_file():
        raise InputError(f"{path}: does not exist; give ADE20K's annotations folder beside its images folder.")
    return path


LAYOUTS: dict[str, Callable[[Path, str], list[Path]]] = {
    "celeba": celeba,
    "places2": places2,
    "paris_streetview": paris_streetview,
    "dunhuang": dunhuang,
    "ade20k": ade20k,
}


def _partition(paths: list[Path], listing: Path, split: str) -> list[Path]:
    code = {"train": "0", "val": "1", "test": "2"}[split]
    rows = [line.replace(",", " ").split() for line in listing.read_text(encoding="utf-8").splitlines()]
    wanted = {row[0] for row in rows if len(row) == 2 and row[1] == code}
    chosen = [path for path in paths if path.name in wanted]
    if not chosen:
        raise InputError(f"{listing}: lists no present image as {split} ({code}); give CelebA's own list.")
    return chosen


def _first(root: Path, layout: str, names: tuple[str, ...]) -> list[Path]:
    for name in names:
        if (root / name).is_dir():
            return _images(root / name, layout, root, f"images below {name}/")
    raise InputError(f"{root}: is not a {layout} folder; expected {' or '.join(name + '/' for name in names)} in it.")


def _images(folder: Path, layout: str, root: Path, expected: str) -> list[Path]:
    paths = list_images(folder) if folder.is_dir() else []
    if not paths:
        raise InputError(f"{root}: is not a {layout} folder; expected {expected}.")
    return paths
