"""What a reader can ask to be run: for each domain its data, models and treatments.

Draws the widgets and gives back a jobs.Order. Knows the domains' names from engine.domains and asks
each domain's `data` module what is on this machine; imports no torch.
"""

import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import streamlit as st

from dashboard import jobs, state, words
from dashboard.confined import OutsideError, within
from engine.domains import DOMAINS
from engine.study.location import default_cache

OWN = ("file", "folder", "folder-64", "parquet", "parquet-64")  # the reader's own: always by path


@dataclass(frozen=True, slots=True)
class _Part:
    """What was chosen for one domain."""

    data: str
    models: tuple[str, ...]
    treatments: tuple[str, ...]
    path: str | None
    ready: bool


def order_form() -> jobs.Order | None:
    """The choices for a new study; None where some of the data are not on this machine."""
    domains = st.pills(
        "Domains",
        list(DOMAINS),
        selection_mode="multi",
        default=[next(iter(DOMAINS))],
        format_func=words.DOMAIN_NAMES.get,
        key="domains",
        persist_state="session",
        help="Several in one study share its time and are drawn side by side.",
    )
    if not domains:
        st.info("Choose what to measure: one domain or several.", icon=":material/category:")
        return None
    parts = {
        domain: _part(domain, named=len(domains) > 1) for domain in DOMAINS if domain in domains
    }
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        length = st.segmented_control(
            "How long",
            list(words.LENGTHS),
            default="quick",
            required=True,
            format_func=words.LENGTHS.get,
            key="length",
            persist_state="session",
            help=words.LENGTH_HELP,
        )
        minutes = None
        if length == "minutes":
            minutes = st.number_input(
                "Minutes", 1, 10_000, 10, width=110, key="minutes", persist_state="session"
            )
        seeds = st.number_input(
            "Seeds",
            1,
            100,
            None,
            placeholder="auto",
            width=110,
            help="Repeats of each size.",
            key="seeds",
            persist_state="session",
        )
        width = st.number_input(
            "Widest interval",
            0.001,
            10.0,
            None,
            step=0.01,
            format="%g",
            placeholder="any",
            width=110,
            help="Adds seeds, where they narrow the exponent most for the time they take, until its"
            " 90 % interval is no wider than this. For as much time again at most; of Minutes the"
            " second half.",
            key="width",
            persist_state="session",
        )
        device = st.segmented_control(
            "Device",
            list(words.DEVICES),
            default="auto",
            required=True,
            format_func=words.DEVICES.get,
            key="device",
            persist_state="session",
            help="Automatic takes a GPU where there is one.",
        )
    missing = [words.DOMAIN_NAMES[domain] for domain, part in parts.items() if not part.ready]
    if missing:
        st.caption(
            f"Before this can run, the data of {' and '.join(missing)} are needed: see there."
        )
        return None
    return jobs.Order(
        domains=tuple(parts),
        data=tuple((domain, part.data) for domain, part in parts.items()),
        models=tuple((domain, name) for domain, part in parts.items() for name in part.models),
        treatments=tuple(
            (domain, name) for domain, part in parts.items() for name in part.treatments
        ),
        preset=None if length == "minutes" else length,
        minutes=minutes,
        seeds=seeds,
        width=width,
        device=device,
        paths=tuple((domain, part.path) for domain, part in parts.items() if part.path),
    )


def _part(domain: str, named: bool) -> _Part:
    """The choices of one domain, in a box of its own."""
    about = DOMAINS[domain]
    with st.container(border=True):
        if named:
            st.markdown(f"**{about.title}**")
        with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
            data = st.selectbox(
                "Data",
                about.sources,
                format_func=lambda name: _offered(domain, name),
                key=f"data-{domain}",
                persist_state="session",
                width=300,
            )
            models = st.pills(
                "Models",
                about.models,
                selection_mode="multi",
                default=about.models[:1],
                format_func=words.model,
                key=f"models-{domain}",
                persist_state="session",
                help="Several models of one domain: do they share an exponent?",
            )
            if not models:
                st.caption(f"None chosen: {words.model(about.models[0])} is taken.")
        path, ready = _place(domain, data)
        chosen = tuple(m for m in about.models if m in models) or about.models[:1]
        treatments = _treatments(domain)
    return _Part(data, chosen, treatments, path, ready)


def _offered(domain: str, source: str) -> str:
    """A data set in the list of a domain's, with what is to be known before it is chosen."""
    said = words.source(source)
    return said if source in OWN or is_ready(domain, source)[0] else f"{said}, not ready"


def is_ready(domain: str, source: str, path: Path | None = None) -> tuple[bool, str]:
    """Whether a data set can be trained on here, and from where, or else what to do."""
    ready, why = import_module(DOMAINS[domain].data).is_ready(source, path, default_cache())
    return bool(ready), str(why)


def _place(domain: str, source: str) -> tuple[str | None, bool]:
    """Where a data set lies, asked of the reader where that is not known; and whether it is.

    One that would be downloaded is ready and takes a path too: there may be no network.
    """
    ready, why = is_ready(domain, source)
    path = None
    if not ready or "--data-path" in why:
        kind = {"file": "File", "folder": "Folder"}.get(source, "Folder or file")
        path = (
            st.text_input(
                f"{kind} with the data",
                key=f"path-{domain}-{source}",
                persist_state="session",
                placeholder=f"a path in {st.session_state[state.FOLDER]}",
                width=560,
            ).strip()
            or None
        )
        if path:
            try:
                place = within(path, st.session_state[state.FOLDER])
            except OutsideError as error:
                ready, why = False, str(error)
            else:
                path = str(place)
                ready, why = is_ready(domain, source, place)
    said = words.plain(re.sub("--data-(path|folder)", "a path here", why))
    if not ready:
        st.warning(said, icon=":material/folder_off:")
    elif words.is_synthetic(source):
        st.caption(f":material/check: Ready. {words.SYNTHETIC}, no recording of people: {said}")
    else:
        st.caption(f":material/check: Ready: {said}")
    return path, ready


def _treatments(domain: str) -> tuple[str, ...]:
    """Treatments to train with besides none, each with a line on what it does."""
    offered = DOMAINS[domain].every_treatment
    chosen = st.pills(
        "Treatments",
        offered,
        selection_mode="multi",
        format_func=words.treatment,
        key=f"treatments-{domain}",
        persist_state="session",
        help="Each is measured as a curve of its own beside the untreated one, on the same shards.",
    )
    if chosen:
        st.caption(
            "  \n".join(
                f"**{words.treatment(name)}** {words.TREATMENTS[name][1]}."
                for name in offered
                if name in chosen and name in words.TREATMENTS
            )
            + f"  \nThat makes {len(chosen) + 1} curves of each model where one was."
        )
    return tuple(name for name in offered if name in chosen)
