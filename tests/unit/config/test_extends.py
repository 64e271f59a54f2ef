"""``extends:``: configurations that share what is common."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dialler_sync.config import fingerprint, load_config, load_source
from dialler_sync.config.extends import read_configuration
from dialler_sync.config.schema import json_schema
from dialler_sync.errors import ConfigError, UsageError

BASE = """dialler:
  base_url: https://dialler.example.com
  clients_id: 1
  token: secret-token-of-the-base
  concurrency: 8
source: {encoding: cp1252, header: [1, 2]}
columns:
  UserData: Key
  Name: Nachname
  PhoneNumber1: {column: Mobil, region: DE}
suppress: {file: dnc.csv, column: Phone}
rows: {only: {Status: [open, new]}}
"""


def write(name: str, text: str) -> Path:
    """Write a file of the working folder."""
    path = Path(name)
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path) -> str:
    """Return the messages of a configuration that cannot be used."""
    with pytest.raises(ConfigError) as error:
        load_config(path)
    return "\n".join(error.value.args)


def test_maps_merge_and_the_rest_is_replaced() -> None:
    """At any depth; what neither file says has its default."""
    write("base.yaml", BASE)
    path = write(
        "one.yaml",
        "extends: base.yaml\ndialler: {concurrency: 3}\ncampaign: {id: 538}\nsource: {header: [4]}\n"
        "columns: {Name: Name, PhoneNumber1: {region: AT}, Email: Mail}\nrows: {only: {Status: [won]}}\n",
    )

    settings = load_config(path)

    assert (settings.dialler.concurrency, settings.dialler.clients_id, settings.dialler.retries) == (3, 1, 5)
    assert (settings.source.encoding, settings.source.header) == ("cp1252", [4])
    assert list(settings.columns) == ["UserData", "Name", "PhoneNumber1", "Email"]
    assert settings.columns["Name"].column == "Name"
    phone = settings.columns["PhoneNumber1"]
    assert (phone.column, phone.region) == ("Mobil", "AT")
    assert settings.rows.only["Status"].values == ("won",)
    assert load_source(path).header == [4]


def test_null_takes_away_what_the_other_has() -> None:
    """So a campaign can be named in place of its number, and a do-not-call list left out."""
    write("base.yaml", f"{BASE}campaign: {{id: 538}}\n")
    path = write("one.yaml", "extends: base.yaml\ncampaign: {id: null, name: Nightly}\nsuppress: null\nrows:\n")

    settings = load_config(path)

    assert (settings.campaign.id, settings.campaign.name) == (None, "Nightly")
    assert settings.suppress == ()
    assert not settings.rows.only


def test_each_path_counts_from_the_folder_of_its_own_file() -> None:
    """The file extended, and the files that both name: lists, certificates, tables, the inbox."""
    write(
        "shared/base.yaml",
        BASE.replace("token: secret-token-of-the-base", "token_file: token")
        + "cluster: {ca_file: ca.pem, cert_file: cert.pem}\ninbox: {dir: in}\n",
    )
    write("shared/plz.csv", "PLZ,Ort\n")
    write(
        "shared/more.yaml", "extends: base.yaml\n" + "columns: {City: {column: PLZ, lookup: {file: plz.csv, key: A}}}"
    )
    path = write(
        "lists/one.yaml",
        "extends: ../shared/more.yaml\ncampaign: {id: 1}\ncolumns: {City: {lookup: {value: B}}}\n"
        "inbox: {dir: here}\ndialler: {ca_file: own.pem}\n",
    )

    settings = load_config(path)

    shared, lists = Path("shared").resolve(), Path("lists").resolve()
    assert settings.suppress[0].file == shared / "dnc.csv"
    assert settings.dialler.token_file == shared / "token"
    assert settings.dialler.ca_file == lists / "own.pem"
    assert settings.cluster.ca_file == shared / "ca.pem"
    assert settings.columns["City"].lookup
    assert settings.columns["City"].lookup.file == shared / "plz.csv"
    assert settings.inbox.dir == lists / "here"


def test_a_list_of_files_is_led_from_its_own_folder() -> None:
    """A sequence of do-not-call lists, too."""
    write("shared/base.yaml", BASE.replace("{file: dnc.csv, column: Phone}", "[{file: dnc.csv, column: Phone}]"))
    settings = load_config(write("one.yaml", "extends: shared/base.yaml\ncampaign: {id: 1}\n"))

    assert settings.suppress[0].file == Path("shared/dnc.csv").resolve()


@pytest.mark.parametrize(
    ("base", "own", "said"),
    [
        (f"{BASE}campain: 1\n", "campaign: {id: 1}\n", "base.yaml:13: unknown key 'campain'; did you mean 'campaign'?"),
        (BASE, "campaign: {id: 1}\ndialler: {retires: 3}\n", "one.yaml:3: unknown key 'dialler.retires'"),
        (BASE, "", "one.yaml:1: 'campaign' is missing"),
        (BASE.replace("8", "many"), "campaign: {id: 1}\n", "base.yaml:5: dialler.concurrency: "),
        (f"{BASE}campaign: {{id: 1}}\n", "campaign: {name: A}\n", "one.yaml:2: campaign: set exactly one of id, name"),
        (
            BASE.replace("secret-token-of-the-base", "${UNSET}"),
            "campaign: {id: 1}\n",
            "base.yaml:4: the environment var",
        ),
    ],
)
def test_a_fault_names_the_file_and_line_it_stands_in(base: str, own: str, said: str) -> None:
    """Whichever of the files that is."""
    write("base.yaml", base)

    assert said in faults(write("one.yaml", f"extends: base.yaml\n{own}"))


def test_a_variable_that_is_not_used_need_not_be_set() -> None:
    """The value that replaces it counts."""
    write("base.yaml", BASE.replace("secret-token-of-the-base", "${UNSET}"))
    path = write("one.yaml", "extends: base.yaml\ncampaign: {id: 1}\ndialler: {token: other}\n")

    token = load_config(path).dialler.token

    assert token
    assert token.get_secret_value() == "other"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"one": "extends: one.yaml"}, "one.yaml:1: extends: forms a circle (one.yaml → one.yaml)"),
        (
            {"one": "campaign: {id: 1}\nextends: two.yaml", "two": "\nextends: ./one.yaml"},
            "two.yaml:2: extends: forms a circle (one.yaml → two.yaml → one.yaml)",
        ),
        ({"one": "\nextends: gone.yaml"}, "one.yaml:2: extends: "),
        ({"one": "extends: gone.yaml"}, "gone.yaml: no such file"),
        ({"one": "extends: [a.yaml]"}, "one.yaml:1: extends: must name one file, such as base.yaml"),
        ({"one": "extends: ''"}, "one.yaml:1: extends: must name one file, such as base.yaml"),
        ({"one": "extends: ${NOWHERE}/a.yaml"}, "one.yaml:1: the environment variable NOWHERE is not set"),
        ({"one": "extends: two.yaml", "two": "a: [b"}, "two.yaml:1: not valid YAML"),
        ({"one": "extends: two.yaml", "two": "just text"}, "two.yaml:1: a configuration must consist of sections"),
        ({"one": "extends: ."}, "cannot be read: Is a directory"),
        ({str(n): f"extends: {n + 1}.yaml" for n in range(30)}, "19.yaml:1: extends: more than 20 files in a row"),
    ],
)
def test_what_cannot_be_extended_is_refused(files: dict[str, str], said: str) -> None:
    """With its place, and the way that leads to it."""
    first, *_ = [write(f"{name}.yaml", text) for name, text in files.items()]

    assert said in faults(first)


def test_a_link_counts_from_where_it_leads() -> None:
    """A circle through links is one, and a folder of links is no other place for what they lead to."""
    write("shared/base.yaml", BASE)
    write("shared/one.yaml", "extends: base.yaml\ncampaign: {id: 1}\n")
    Path("linked.yaml").symlink_to("shared/one.yaml")

    assert load_config("linked.yaml").dialler.concurrency == 8


def test_every_file_must_be_safe() -> None:
    """A file that others can write is not even read; nor one in a folder that they can write to."""
    base = write("shared/base.yaml", "not: [yaml")
    path = write("one.yaml", "extends: shared/base.yaml\ncampaign: {id: 1}\n")
    for unsafe in (base, base.parent):
        before = unsafe.stat().st_mode
        unsafe.chmod(before | 0o002)
        with pytest.raises(UsageError, match=f"chmod o-w {unsafe.resolve()}"):
            load_config(path)
        unsafe.chmod(before)
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_config(path)


def test_lines_marked_change_are_named_with_their_file() -> None:
    """Both files have to be finished."""
    base = write("base.yaml", f"{BASE}# CHANGE: more\n")
    path = write("one.yaml", "extends: base.yaml\ncampaign: {id: 1}   # CHANGE: yours\n")

    with pytest.raises(ConfigError) as error:
        load_config(path, finished=True)

    assert [fault.partition(". ")[0] for fault in error.value.args] == [
        "one.yaml: not finished: line 2 is still marked CHANGE",
        f"{base.resolve()}: not finished: line 13 is still marked CHANGE",
    ]


def test_the_fingerprint_is_that_of_what_counts() -> None:
    """Where a value stands is no part of it, so a configuration can be parted while a run waits for its resume."""
    whole = load_config(write("whole.yaml", f"{BASE}campaign: {{id: 538}}\n"))
    write("base.yaml", BASE)
    parted = load_config(write("one.yaml", "extends: base.yaml\ncampaign: {id: 538}\n"))

    assert fingerprint(parted) == fingerprint(whole)
    assert parted == whole


def test_an_alias_is_known_in_its_own_file_only() -> None:
    """Anchors are YAML's; maps merge by name."""
    write("base.yaml", BASE.replace("cp1252", "&enc cp1252"))

    assert "one.yaml:2: not valid YAML" in faults(write("one.yaml", "extends: base.yaml\nsource: {encoding: *enc}\n"))


def test_the_schema_asks_nothing_of_a_file_that_extends_another() -> None:
    """Else an editor would mark every one of them; a file by itself still needs its sections, and their keys."""
    schema = json_schema()

    assert "required" not in schema
    assert schema["else"]["required"] == ["dialler", "campaign"]
    assert schema["else"]["properties"]["dialler"] == {"required": ["base_url", "clients_id"]}
    assert schema["if"]["required"] == ["extends"]
    assert "required" in schema["$defs"]["SuppressSettings"]
    assert json.dumps(schema)


def test_all_files_are_listed() -> None:
    """From the one that is named, to what it builds on."""
    write("base.yaml", BASE)
    write("more.yaml", "extends: base.yaml\n")
    found = read_configuration(write("one.yaml", "extends: more.yaml\ncampaign: {id: 1}\n"), os.environ)

    assert [path.name for path in found.files] == ["one.yaml", "more.yaml", "base.yaml"]
    assert "extends" not in found.values
