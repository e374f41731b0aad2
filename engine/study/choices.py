"""The names that a study can be asked for by. Light: the page and `--help` read them too."""

DOMAINS = ("images",)
MODELS: dict[str, tuple[str, ...]] = {"images": ("cnn", "mlp", "resnet")}  # first is the default
PRESETS = ("quick", "standard", "full")
