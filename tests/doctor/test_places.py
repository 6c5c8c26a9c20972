"""Where data lie: cloud folders, network and FAT disks, space."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldapp.doctor import places
from fieldapp.doctor.places import Mount, among, cloud_service, file_system, linux_mounts, macos_mounts, mount_of, nearest, place, space, writable

LINUX = """\
/dev/sda1 / ext4 rw,relatime 0 0
/dev/sdb1 /media/field/My\\040Stick exfat rw 0 0
server:/export /mnt/team nfs4 rw 0 0
user@host: /mnt/team/remote fuse.sshfs rw 0 0
tmpfs /media/field/My\\040Stick/inner tmpfs rw 0 0
/dev/sdc1 /media/field/My\\040Stick/inner vfat rw 0 0
"""
MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//anna@nas/field on /Volumes/field notes (smbfs, nodev, nosuid)
/dev/disk4s1 on /Volumes/ZOOM (msdos, local, nodev)
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/srv/Suzhou", "ext4"), ("/media/field/My Stick/Suzhou", "exfat"), ("/mnt/team", "nfs4"), ("/mnt/teamwork", "ext4"), ("/mnt/team/remote/x", "fuse.sshfs"),
     ("/media/field/My Stick/inner/x", "vfat")],
)  # fmt: skip
def test_the_deepest_mount_decides_on_linux(folder: str, kind: str) -> None:
    assert among(Path(folder), linux_mounts(LINUX)).kind == kind


@pytest.mark.parametrize(("folder", "kind"), [("/Users/a", "apfs"), ("/Volumes/field notes/x", "smbfs"), ("/Volumes/ZOOM/x", "msdos")])
def test_the_deepest_mount_decides_on_macos(folder: str, kind: str) -> None:
    assert among(Path(folder), macos_mounts(MACOS)).kind == kind


@pytest.mark.parametrize("kind", ["nfs4", "CIFS", "smb3", "9p", "fuse.sshfs", "fuse.rclone", "remote", "afpfs"])
def test_network_disks_are_warned_about(kind: str) -> None:
    finding = file_system(Path("/x"), Mount(Path("/"), kind))
    assert finding.status == "look"
    assert "network" in finding.found
    assert finding.advice


@pytest.mark.parametrize("kind", ["vfat", "exfat", "FAT32", "msdos"])
def test_fat_disks_are_warned_about(kind: str) -> None:
    finding = file_system(Path("/x"), Mount(Path("/"), kind))
    assert finding.status == "look"
    assert "FAT" in finding.advice


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "xfs", "apfs", "NTFS", "fuseblk", "tmpfs", "overlay", ""])
def test_ordinary_disks_are_fine(kind: str) -> None:
    assert file_system(Path("/x"), Mount(Path("/"), kind)).status == "ok"


@pytest.mark.parametrize(
    ("folder", "service"),
    [("/srv/a/Dropbox/field", "Dropbox"), ("/srv/a/Dropbox (Lab)/x", "Dropbox"), ("C/Users/a/OneDrive - University/x", "OneDrive"),
     ("/Users/a/Library/Mobile Documents/x", "iCloud"), ("/Users/a/Library/CloudStorage/x", "a cloud service"), ("/srv/a/Google Drive/x", "Google Drive"),
     ("/srv/a/Nextcloud/x", "Nextcloud"), ("/srv/a/dropboxes of sound", ""), ("/srv/a/Boxing", ""), ("/srv/a/field", "")],
)  # fmt: skip
def test_cloud_folders_are_known_by_name(folder: str, service: str) -> None:
    assert cloud_service(Path(folder)) == service


@pytest.mark.parametrize("marker", [".dropbox", ".nextcloudsync.log", "._sync_0a1b.db", ".stfolder", ".tmp.drivedownload"])
def test_cloud_folders_are_known_by_their_traces(tmp_path: Path, marker: str) -> None:
    inside = tmp_path / "archive" / "Suzhou"
    inside.mkdir(parents=True)
    assert not cloud_service(inside)
    (tmp_path / "archive" / marker).touch()
    assert cloud_service(inside)
    assert places.cloud(inside).status == "look"


def test_little_space_is_told_in_hours(tmp_path: Path) -> None:
    assert space(tmp_path, 600 * 10**6).status == "look"
    plenty = space(tmp_path, 52 * 10**9)
    assert plenty.status == "ok"
    assert "about 100 hours" in plenty.found


def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_above(tmp_path: Path) -> None:
    assert nearest(tmp_path / "a" / "b") == tmp_path
    assert place(tmp_path / "a" / "b")[0].status == "ok"
    assert not (tmp_path / "a").exists()


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("fieldapp.doctor.places.tempfile.TemporaryFile", refuse)
    finding = writable(tmp_path, tmp_path)
    assert finding.status == "look"
    assert "Read-only" in finding.found


def test_this_very_folder_lies_on_something(tmp_path: Path) -> None:
    assert tmp_path.is_relative_to(mount_of(tmp_path).point)
