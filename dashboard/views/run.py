"""Run: what to measure, how long it should take, and how the studies of this store stand."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Lock

import streamlit as st

from dashboard import jobs, panels, state, words
from dashboard.confined import OutsideError, within
from dashboard.ordering import order_form
from dashboard.watching import NOW_AND_THEN, OFTEN, watch
from engine.curve import Curve
from engine.numbers import duration
from engine.study.store import Store, StoreError, StudyRow, WorkRow

store = st.session_state[state.STORE]

RESUME = "Goes on where it stopped, to the very points of an undisturbed run."
RETRY = "Trains again what failed, and what was not reached; everything else is kept."
OWN = "A domain of your own runs only where you name its file: to go on, type this."
ANEW = "Speed is measured again as it starts: beside other work fewer sizes may fit the time."
MOST_FAILED = 20  # groups of trainings that are named
PAST = 20  # studies listed; the newest are what one looks for
ASKED = "asked"  # the order of this session whose estimate was asked for last


@st.cache_resource
def started() -> dict[Path, jobs.Job]:
    """The process that was last started for each store; a reloaded page finds it here."""
    return {}


@st.cache_resource
def starting() -> Lock:
    """Held while a run is started: of two tabs that press Run at once, one does."""
    return Lock()


@st.cache_resource
def office() -> ThreadPoolExecutor:
    """One estimate at a time: two would measure each other."""
    return ThreadPoolExecutor(1)


@st.cache_resource(ttl=600, max_entries=32, show_spinner=False)
def asked(order: jobs.Order) -> Future[jobs.Estimate]:
    """The estimate of an order, which takes the engine some seconds."""
    return office().submit(jobs.estimate, order)


def ask(order: jobs.Order) -> Future[jobs.Estimate]:
    """The estimate of an order; one that this reader asked for before and left is given up."""
    before = st.session_state.get(ASKED)
    if before is not None and before != order and asked(before).cancel():
        asked.clear(before)
    st.session_state[ASKED] = order
    return asked(order)


def begin(order: jobs.Order) -> None:
    """Start a run, unless another tab has, its store is shut or its data lie where no page looks.

    What is wrong is shown at the next turn.
    """
    try:
        with Store.open(store) as opened:
            kept = [jobs.Order.again(row.settings) for row in opened.studies()]
        for each in (order, *(known for known in kept if known.resumes(order))):
            for _, path in each.paths:  # of a stored study: someone else's file may name any
                if not Path(path).is_absolute():  # the engine would count it from elsewhere
                    raise OutsideError(f"{path!r} is no whole path, as those of studies are.")
                within(path, st.session_state[state.FOLDER])
        with starting():
            job = started().get(store)
            if job is not None and job.running:
                st.session_state["refused"] = "A run was started here already; this is it."
                return
            started()[store] = jobs.start(order, store)
    except (StoreError, OutsideError, jobs.JobError, OSError) as error:
        st.session_state["refused"] = f"Nothing was started: {error}"


def give_up(job: jobs.Job) -> None:
    """End a run that has not come to its study yet, of which there is nothing to keep."""
    with starting():
        if started().get(store) is job:
            del started()[store]
    job.process.terminate()


def change(how: Callable[[Store], None]) -> None:
    """Change the store; what is wrong is shown at the next turn."""
    try:
        with Store.open(store) as opened:
            how(opened)
    except StoreError as error:
        st.session_state["refused"] = f"Nothing was changed: {error}"


def explore(study: int) -> None:
    st.session_state[state.STUDY] = study


def new_study() -> None:
    """The form, what it would do, and the button."""
    st.subheader("New study", anchor=False)
    order = order_form()
    if order:
        offer(order, ask(order))


def offer(order: jobs.Order, answer: Future[jobs.Estimate]) -> None:
    """The estimate as soon as it is there, and the button that accepts it."""
    wait([answer], timeout=0.2)  # one known already shows at once
    pending = not answer.done()
    before = next((r for r in view.studies if jobs.Order.again(r.settings).resumes(order)), None)

    @st.fragment(run_every=0.5 if pending else None)
    def show() -> None:
        if pending and answer.done():
            st.rerun()
        if pending:
            st.markdown("Loading the data and measuring how fast this machine trains…")
        else:
            try:
                plan = answer.result()
            except CancelledError:  # another reader of this page gave it up
                asked.clear(order)
                st.rerun()
            except jobs.JobError as error:
                asked.clear(order)  # the next turn asks again
                st.error(words.plain(str(error)), icon=":material/error:")
                return
            st.markdown(words.plain(f"{plan.sentence}, on {plan.device} ({plan.device_reason})."))
            st.caption(ANEW if before is None else already(before, order))
        if st.button("Run", type="primary", icon=":material/play_arrow:"):
            begin(order)
            st.rerun()  # all of the page: what runs is not this fragment's

    show()


def already(row: StudyRow, order: jobs.Order) -> str:
    """What Run would do where a study was made from the same order."""
    if row.state == "finished" and jobs.Order.again(row.settings).width == order.width:
        return "Measured already: Explore shows it. Run trains what is missing where data changed."
    return "Run goes on with the study below that was asked for so; what it has is kept."


def under_way(row: StudyRow, view: state.View) -> None:
    """The study that is running: how far it is, its chart, the stop button."""
    with st.container(horizontal=True, vertical_alignment="center"):
        retried = sum(group.retried for group in groups(row.id))
        said = words.state(row) + (f", trying again {retried} that failed" if retried else "")
        st.subheader(f"{words.plain(words.study(row))}: {said}", anchor=False, width="content")
        st.button(
            "Stop",
            icon=":material/stop:",
            on_click=change,
            args=(lambda opened: opened.request_stop(row.id),),
        )
    st.progress(min(1.0, row.share), words.progress(row))
    curves = state.curves_of(store, row.id, view.revision)
    about = state.searched(store, row.id, view.revision)
    parts = by_subject(about, curves, row)
    if len(parts) > 1:
        st.caption("  \n".join(parts))
    st.caption(f"On {row.device}: {row.device_reason}. Closing this page does not stop the run.")
    if curves:
        firsts = first_metrics(about, curves)
        shown, key = panels.page_of(firsts, f"window-{row.id}")
        panels.show(shown, view, key, others=firsts)
        if len(firsts) < len(curves):
            st.caption(f"One error of each is shown; all {len(curves)} curves are on Explore.")
    else:
        st.info(
            "The smallest sizes are being trained; the chart appears with the first point.",
            icon=":material/hourglass_empty:",
        )


def by_subject(about: state.Searched, curves: tuple[Curve, ...], row: StudyRow) -> list[str]:
    """How many sizes of each subject are decided and how long it should still take, a line each."""
    left = remaining(row)
    done = {
        about.about[curve.name][0]: len({point.size for point in curve.points})
        for curve in curves
        if curve.name in about.about
    }
    return [
        f"**{words.plain(words.marked(subject.label))}:** {done.get(subject, 0)} of {total} sizes"
        + (f", about {duration(left[subject.label])} left" if left.get(subject.label) else "")
        for subject, total in about.planned
    ]


def remaining(row: StudyRow) -> dict[str, float]:
    """Wall seconds that each subject should still take: its share of all that is ahead."""
    try:
        with Store.open(store, "read") as opened:
            ahead = opened.ahead(row.id)
    except (StoreError, OSError):
        return {}
    whole = sum(ahead.values())
    found: dict[str, float] = {}
    for shard, seconds in ahead.items():
        label = shard.rpartition(" / ")[0]
        found[label] = found.get(label, 0.0) + (row.seconds_left or 0.0) * seconds / (whole or 1.0)
    return found


def groups(study: int) -> list[WorkRow]:
    """The groups of trainings of a study; none where the store cannot be read."""
    try:
        with Store.open(store, "read") as opened:
            return opened.work(study)
    except (StoreError, OSError):
        return []


def first_metrics(about: state.Searched, curves: tuple[Curve, ...]) -> tuple[Curve, ...]:
    """All curves of one subject; of several the first metric of each, so that they fit."""
    if len(about.planned) < 2:
        return curves
    first: dict[object, Curve] = {}
    for curve in curves:
        first.setdefault(about.about[curve.name][0], curve)
    return tuple(first.values())


def past(view: state.View, busy: bool) -> None:
    """Every other study, with what can be done about it."""
    rows = [row for row in view.studies if not words.is_active(row)][:PAST]
    st.subheader("Studies", anchor=False)
    if not rows:
        st.caption("None yet. The first one appears here when it has ended.")
    for row in rows:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            said = f"**{words.plain(words.study(row))}**, {words.state(row)}, {words.progress(row)}"
            if row.state in ("failed", "stopped", "finished") and row.reason:
                said += f"  \n{words.plain(words.sentence(row.reason))}"
            st.markdown(said, width="stretch")
            unfinished = row.state in ("failed", "stopped", "waiting")
            failed = [g for g in groups(row.id) if g.state == "failed"] if unfinished else []
            order = jobs.Order.again(row.settings) if unfinished else None
            if order and not order.strangers:
                st.button(
                    "Retry the failed" if failed else "Resume",
                    key=f"resume-{row.id}",
                    icon=":material/replay:" if failed else ":material/play_arrow:",
                    help=RETRY if failed else RESUME,
                    disabled=busy,
                    on_click=begin,
                    args=(order,),
                )
            if st.button("Explore", key=f"explore-{row.id}", icon=":material/show_chart:"):
                explore(row.id)
                st.switch_page("views/explore.py")
            st.button(
                "Delete",
                key=f"delete-{row.id}",
                icon=":material/delete:",
                help="It can be put back, until you empty the list of deleted studies.",
                on_click=change,
                args=(lambda opened, study=row.id: opened.bin_study(study),),
            )
        if order and order.strangers:
            st.caption(OWN)
            st.code(order.typed(places(row.id), store.absolute()), language="bash", wrap_lines=True)
        if failed:
            what_failed(failed)
    deleted()


def places(study: int) -> dict[str, str]:
    """Where the code of a study's domains lies that are not ours."""
    try:
        with Store.open(store, "read") as opened:
            rows = opened.study_plan(study)[1]["domains"]
            return {str(row["name"]): str(row["task"]) for row in rows}
    except (StoreError, OSError, KeyError, TypeError):
        return {}


def what_failed(failed: Sequence[WorkRow]) -> None:
    """Each group of trainings that failed, and why; folded away."""
    with st.expander(f"What failed: {len(failed)}"):
        st.markdown(
            "\n".join(
                f"- **{words.plain(group.name)}:** {words.plain(words.sentence(group.reason))}"
                for group in failed[:MOST_FAILED]
            )
        )
        if len(failed) > MOST_FAILED:
            st.caption(f"The first {MOST_FAILED}; `steepness status` names all.")


def deleted() -> None:
    """The studies that were deleted, each with the way back, and the end of it."""
    rows = binned()
    if not rows:
        return
    with st.expander(f"Deleted: {len(rows)}", expanded=len(rows) == 1):
        for row in rows:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    f"{words.plain(words.study(row))}, {words.progress(row)}", width="stretch"
                )
                st.button(
                    "Put back",
                    key=f"restore-{row.id}",
                    icon=":material/undo:",
                    on_click=change,
                    args=(lambda opened, study=row.id: opened.restore_study(study),),
                )
        st.button(
            "Delete for good",
            icon=":material/delete_forever:",
            help="All of these with their points and candidates. This cannot be undone.",
            on_click=empty_bin,
        )


def empty_bin() -> None:
    """Delete for good; this session too forgets the windows of what is gone."""
    gone: list[str] = []

    def empty(opened: Store) -> None:
        gone.extend(name for row in opened.binned() for name in opened.curve_names(row.id))
        opened.empty_bin()

    change(empty)
    state.forget_windows(gone)


def binned() -> list[StudyRow]:
    try:
        with Store.open(store, "read") as opened:
            return opened.binned()
    except (StoreError, OSError):
        return []  # not there, or `look` has said why


def is_heard(job: jobs.Job, view: state.View) -> bool:
    """Whether a process got as far as its study: what it has to say is in the store then."""
    return any((row.last_heard or 0.0) > job.began for row in view.studies)


def is_told(job: jobs.Job, view: state.View) -> bool:
    """Whether the store says how a run ended; with its disk full, say, it cannot."""
    heard = [row for row in view.studies if (row.last_heard or 0.0) > job.began]
    return any(words.state(row) != words.UNEXPECTEDLY for row in heard)


def news(view: state.View) -> tuple[object, ...]:
    """What moves when there is more to show of a run, and when it ends."""
    rows = [(row.id, words.progress(row)) for row in view.studies if words.is_active(row)]
    if rows or job is None:
        return view.revision, rows
    return view.revision, job.running, job.said, is_heard(job, view)


view = panels.look(store)
job = started().get(store)
seen = news(view)
at_work = job is not None and job.running
active = at_work or any(words.is_active(row) for row in view.studies)
if refused := st.session_state.pop("refused", None):
    st.error(refused, icon=":material/error:")
if job and job.fault and not is_told(job, view):
    began = is_heard(job, view) or not store.exists()
    said = "The run has ended" if began else "The run did not start"
    st.error(f"{said}: {words.plain(job.fault)}", icon=":material/error:")


@st.fragment
def live() -> None:
    """The study under way; a part of its own, which alone follows a hand on its windows."""
    view = state.look(store)
    rows = [row for row in view.studies if words.is_active(row)]
    if rows:
        under_way(rows[0], view)
    elif active and is_heard(job, view):
        st.info("Ending: what is done is kept.", icon=":material/stop:")
    elif active:
        st.info(
            "Starting: loading the data and measuring how fast this machine trains.",
            icon=":material/speed:",
        )
        if job and job.said:
            st.caption(words.plain(job.said))  # a download's progress, say
        if job and job.running:
            st.button("Stop", icon=":material/stop:", on_click=give_up, args=(job,))


live()
if active:
    heard = any(words.is_active(row) for row in view.studies)
    every = NOW_AND_THEN if heard else OFTEN  # a job that begins or ends says so beside the store
    watch(lambda: news(state.look(store)), seen, view.revision, every)
if not active and not view.trouble:
    new_study()
past(view, active)
