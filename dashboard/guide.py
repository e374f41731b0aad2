"""A short guide to measuring one's own data: files, points from other code, a domain of one's own.

Says what exists today. The requirements are those of the modules in `data`; where they are numbers,
they are taken from there.
"""

import streamlit as st

from data.picture_folder import LEAST, LEAST_A_CLASS
from data.recording_folder import FEWEST, TRANSCRIPTS
from data.text import FEWEST_DOCUMENTS
from data.translation import LEAST_PAIRS

OWN = (  # domain, what you give, the least of it
    (
        "images",
        "a folder with a folder of pictures for each class, or with `train`, `validation` and"
        " `test` above those; scaled to 32 or 64 pixels",
        f"{LEAST} different pictures, {LEAST_A_CLASS} of each class",
    ),
    (
        "images, parquet",
        "a folder with `train.parquet` and `test.parquet` in the Hugging Face layout",
        "",
    ),
    (
        "words, characters",
        "a text file in UTF-8, cut into documents at blank lines, or a folder of `.txt` files,"
        " a document each",
        f"{FEWEST_DOCUMENTS} documents",
    ),
    (
        "translation",
        "a `.tsv` of source, tab, target; or a folder with one `*.de` and one `*.en` file,"
        " translations line by line",
        f"{LEAST_PAIRS} pairs",
    ),
    (
        "speech",
        f"a folder of wav, flac or ogg with `{TRANSCRIPTS}` (file, tab, text and perhaps tab,"
        " speaker), or `FILE.txt` beside each `FILE.wav`",
        f"{FEWEST} recordings; some hundreds to show anything",
    ),
)
FILES = (
    "No code is needed where your data fit one of the domains: on Run choose “of your own” under"
    " Data, or give the command a path. What is held out follows from the content alone, or is what"
    " you held out yourself.\n\n| domain | what you give | the least |\n|---|---|---|\n"
    + "".join(f"| {domain} | {what} | {least} |\n" for domain, what, least in OWN)
    + """
```
steepness run images --data folder --data-path PICTURES
steepness run words --data file --data-path book.txt
steepness domains     what each source wants, and which are ready here
```
"""
)

POINTS = """
Train with whatever you use, and write a row for each training. What makes a curve worth fitting:

- Sizes in steps of 2, five or more, the larger shards holding the smaller ones; three seeds or
  more, each with shards of its own.
- At every size the model, its capacity and its learning rate chosen anew, on validation, with the
  same number of candidates. The error that is written is that of the test split.
- One test split for all sizes, with no picture, sentence or speaker of it in training.

```text
import csv

with open("points.csv", "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["curve", "size", "error", "unit", "metric", "seed"])
    for size in (1000, 2000, 4000, 8000, 16000):
        for seed in range(3):
            rows.writerow(["mine", size, train(size, seed), "images", "top-1 error", seed])
```

Take the file in above, or with `steepness import points.csv`; `steepness fit points.csv` fits it
without a store. The commands are strict: they stop at the first fault, this page shows them all.
"""

DOMAIN = """
There is no plugin interface yet: a new domain is an edit of the engine's source, in five places.

1. `engine/domains.py`: a row of `DOMAINS` with its name, unit, sources, models and metrics.
2. `data/`: a module with `is_ready(source, path, cache)`, which says whether a source is on this
   machine or what to do about it, and with what loads it. It knows no models.
3. `engine/tasks/`: a module with `load_task(source, path, cache, device)` and `TREATMENTS`. It
   gives a `Task` (`engine/tasks/task.py`): `device`, `full`, `data_hash`, `guess`, `lengths`,
   `shard`, `part`, `build`, `loss`, `mean_loss`, `errors`, `scores`. Training, search, store and
   pages know nothing else of a domain.
4. `engine/study/presets.py`: a row of `RECIPES` with the ladder of capacities, the learning rates,
   when to stop, and how many steps a training takes.
5. `dashboard/words.py`: what its names are called. Tests hold this against the table of domains.
"""


def show() -> None:
    """The guide, folded away."""
    st.subheader("Measuring your own", anchor=False)
    for title, icon, text in (
        ("Your own files in one of the domains", ":material/folder:", FILES),
        ("Points from your own training code", ":material/code:", POINTS),
        ("A domain of your own", ":material/extension:", DOMAIN),
    ):
        with st.expander(title, icon=icon):
            st.markdown(text)
