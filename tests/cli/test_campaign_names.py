"""Reports name a campaign whose ID is configured, where the dialler's answers name it; nobody asks for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dialler_sync.exit_codes import ExitCode
from dialler_sync.simulator import SimulatorServer

from ..conftest import Configure, Done, Run
from ..helpers.dialler import line
from ..helpers.foreign import ForeignDialler, served
from ..helpers.receivers import mail_server

Contacts = Callable[..., Path]


def named(done: Done) -> str:
    assert done.reports, done.err
    page = (done.reports / "report.html").read_text(encoding="utf-8")
    return page.partition("<span>Campaign ")[2].partition("</span>")[0]


def test_a_campaign_is_named_by_what_the_dialler_answers(
    run: Run, configure: Configure, contacts_csv: Contacts, dialler: SimulatorServer
) -> None:
    """Later also where a run gets no answer, in a plan and a reconciliation; in the mail, too."""
    with mail_server() as mail:
        smtp = f"{{host: 127.0.0.1, port: {mail.port}, tls: none}}"
        configure(notify=f"{{on: always, email: {{to: [a@example.com], from: b@example.com, smtp: {smtp}}}}}")
        first = run("import", contacts_csv(rows=[line("K1")]))
        (told,) = mail.mails
    rejected = run("import", contacts_csv(rows=["K2,Anna,12"]))
    asked = {request.function for request in dialler.requests}
    planned = run("plan", contacts_csv(rows=[line("K3")]), "-o", "plan.html")
    compared = run("reconcile", contacts_csv(rows=[line("K1")]))
    text = told.get_body(("plain",))

    assert first.code == ExitCode.OK, first.err
    assert (first.summary["campaign"], first.summary["campaign_name"]) == (538, "Nightly")
    assert named(first) == named(rejected) == "Nightly (538)"
    assert planned.code == ExitCode.OK, planned.err
    assert "<span>Campaign Nightly (538)</span>" in (contacts_csv().parent / "plan.html").read_text(encoding="utf-8")
    assert compared.reports
    page = (compared.reports / "reconciliation.html").read_text(encoding="utf-8")
    assert "<span>Campaign Nightly (538)</span>" in page
    assert text
    assert "Campaign: Nightly (538)" in text.get_content().splitlines()
    assert asked == {"batch", "import"}


def test_an_id_stays_where_the_dialler_names_none(run: Run, configure: Configure, contacts_csv: Contacts) -> None:
    with served(ForeignDialler()) as foreign:
        configure(base_url=foreign.base_url)
        done = run("import", contacts_csv(rows=[line("K1")]))

    assert (done.code, done.summary["campaign_name"], named(done)) == (ExitCode.OK, "", "538")
