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
Train with whatever you use. What makes a curve worth fitting:

- Sizes in steps of 2, five or more, the larger shards holding the smaller ones; three seeds or
  more, each with shards of its own.
- At every size the model, its capacity and its learning rate chosen anew, on validation, with the
  same number of candidates. The error that is written is that of the test split.
- One test split for all sizes, with no picture, sentence or speaker of it in training.

Say each point as it comes, and it is drawn on Explore, under imported points, while you train:

```python
from engine import log_point

for size in (1000, 2000, 4000, 8000, 16000):
    for seed in range(3):
        error = train(size, seed)
        log_point("mine", size, error, unit="images", metric="top-1 error", seed=seed)
```

Or write lines `curve,size,error` to a file, in any language: `steepness import points.csv --follow`
takes them in as they come. Runs that MLflow, TensorBoard, Optuna or Weights & Biases recorded come
in by `steepness import FOLDER`, which shows what they hold first. Take a file that is whole in
above; `steepness fit points.csv` fits it without a store. The commands are strict: they stop at the
first fault, but for `--follow`, which says it and goes on; this page shows them all.
"""

DOMAIN = """
A domain of your own is a Python file with two names, and gets all that ours get: search, seeds,
streaming, zones, Plan, treatments of the training.

```python
from engine import Domain, Metric, array_task, sized, split_rows

DOMAIN = Domain(
    name="houses",
    title="House prices",
    unit="houses",
    models=("mlp",),
    metrics=(Metric("mae", "mean absolute error", "1000 $"),),
)

def load_task(source, path, cache, device):
    data = split_rows(inputs, prices)  # arrays or tensors; a tenth each for validation and test
    return array_task(
        data,
        device,
        models={"mlp": sized(network_of_a_width)},
        loss=mse_loss,  # (output, target) -> mean over rows
        metrics={"mae": l1_loss},  # the same, of a whole split
    )
```

```text
steepness run houses.py --estimate     checks it and says what it would train
steepness run houses.py --minutes 10
```

Code of yours runs only where you name its file on the command line, never from this page, which
shows its curves like any other. Whole examples lie in `engine/examples`: a table from a CSV file, a
scikit-learn estimator, a Hugging Face transformer. See the README, “Your own domain”.
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
