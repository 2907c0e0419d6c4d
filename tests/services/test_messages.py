"""The log: who said what, and never about whom."""

from eda_utils import services


def test_an_echo_has_six_messages(archive):
    log = []
    services.echo(archive, log=log)
    assert [row["message"] for row in log] == [
        *("A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "C-ECHO-RQ", "C-ECHO-RSP", "A-RELEASE-RQ", "A-RELEASE-RP")
    ]
    assert [row["sender"] for row in log] == ["EDA_UTILS", "ARCHIVE"] * 3
    assert log[3]["status"] == 0
    assert log[2]["context"] == "Verification SOP Class · Implicit VR Little Endian"


def test_no_identifier_gets_there(archive, some_files):
    log = []
    services.send(some_files, archive, log=log)
    services.query(archive, PatientName="Kanarinsky*", log=log)
    uids = services.query(archive, "image")["SOPInstanceUID"]
    assert not any(uid in str(log) + str(archive.log) for uid in uids)
    assert "Kanarinsky" not in str(log) + str(archive.log)
    assert {row["message"] for row in archive.log} >= {"C-STORE-RSP", "C-FIND-RQ", "A-RELEASE-RP"}
