"""Where data lie: space, the kind of file system, and folders another program copies away behind our back. Any thread."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fieldapp.doctor.finding import Finding

BYTES_AN_HOUR = 48_000 * 3 * 3600  # mono, 48 kHz, 24 bit
LITTLE_SPACE = 2 * 10**9
NETWORK = {"nfs", "nfs3", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "9p", "ceph", "glusterfs", "afs", "remote"}
NETWORK_FUSE = re.compile(r"^fuse\.(sshfs|rclone|gvfsd-fuse|davfs2?|s3fs|glusterfs|cephfs|google-drive-ocamlfuse|onedriver|smbnetfs)", re.IGNORECASE)
FAT = {"vfat", "msdos", "fat", "fat32", "exfat", "fuse.exfat"}
CLOUD_FOLDERS = (
    (re.compile(r"^dropbox\b", re.IGNORECASE), "Dropbox"),
    (re.compile(r"^onedrive\b", re.IGNORECASE), "OneDrive"),
    (re.compile(r"^(icloud ?drive|mobile documents|com~apple~clouddocs)$", re.IGNORECASE), "iCloud"),
    (re.compile(r"^(google ?drive|googledrive-.*|my drive)$", re.IGNORECASE), "Google Drive"),
    (re.compile(r"^nextcloud\b", re.IGNORECASE), "Nextcloud"),
    (re.compile(r"^owncloud\b", re.IGNORECASE), "ownCloud"),
    (re.compile(r"^(pclouddrive|pcloud drive)$", re.IGNORECASE), "pCloud"),
    (re.compile(r"^box( sync)?$", re.IGNORECASE), "Box"),
    (re.compile(r"^seafile$", re.IGNORECASE), "Seafile"),
    (re.compile(r"^cloudstorage$", re.IGNORECASE), "a cloud service"),
)
CLOUD_MARKERS = (
    (".dropbox", "Dropbox"), (".dropbox.cache", "Dropbox"), (".tmp.drivedownload", "Google Drive"), (".nextcloudsync.log", "Nextcloud"),
    (".owncloudsync.log", "ownCloud"), (".sync_*.db", "Nextcloud or ownCloud"), ("._sync_*.db", "Nextcloud or ownCloud"), (".stfolder", "Syncthing"),
    (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: Path
    kind: str


def place(folder: Path) -> list[Finding]:
    """Everything about the place of a folder that can hurt a fieldbook."""
    here = nearest(folder)
    return [writable(folder, here), space(folder, shutil.disk_usage(here).free), file_system(folder, mount_of(here)), cloud(folder)]


def nearest(folder: Path) -> Path:
    """The folder, or the closest one above it that exists."""
    folder = folder.absolute()
    return next(above for above in (folder, *folder.parents) if above.is_dir())


def writable(folder: Path, here: Path) -> Finding:
    """Whether a file can be made there; tried, because permissions alone do not tell (read-only and network disks)."""
    try:
        with tempfile.TemporaryFile(dir=here):
            return Finding("folder", "ok", str(folder))
    except OSError as trouble:
        advice = "What is there can be read and searched; to change it, copy it to a disk of your own."
        return Finding("folder", "look", f"{folder} cannot be written to ({trouble.strerror})", advice)


def space(folder: Path, free: int) -> Finding:
    """How much can still be recorded."""
    found = f"{free / 10**9:.1f} GB free at {folder}, about {free // BYTES_AN_HOUR} hours of recording (mono, 48 kHz, 24 bit)"
    if free >= LITTLE_SPACE:
        return Finding("disk", "ok", found)
    return Finding("disk", "look", found, "Free some space before you record; recording stops cleanly when the reserve is reached.")


def file_system(folder: Path, mount: Mount) -> Finding:
    """Whether the database and long recordings are safe on this kind of disk."""
    kind = mount.kind.lower()
    if kind in NETWORK or NETWORK_FUSE.match(kind):
        advice = "Work on a fieldbook on a disk of this computer and copy it to the network afterwards: a database over a network can be damaged."
        return Finding("file system", "look", f"{folder} lies on a network disk ({mount.kind})", advice)
    if kind in FAT:
        advice = "Record onto the computer's own disk and copy afterwards: FAT loses data when unplugged, and cannot hold files over 4 GB."
        return Finding("file system", "look", f"{folder} lies on a {mount.kind} disk", advice)
    return Finding("file system", "ok", f"{mount.kind or 'unknown kind'} at {mount.point}")


def cloud(folder: Path) -> Finding:
    """Whether a cloud service copies the folder: it may copy half a database, or put an older one back."""
    service = cloud_service(folder)
    if not service:
        return Finding("cloud copying", "ok", "none seen")
    advice = "Move the fieldbook out of it, or pause the service while you work; hand finished copies to it instead."
    return Finding("cloud copying", "look", f"{folder} lies in a folder that {service} copies", advice)


def cloud_service(folder: Path) -> str:
    """The service that watches a folder, by its name or the traces it leaves; empty when none is known."""
    folder = folder.absolute()
    for part in folder.parts:
        for pattern, service in CLOUD_FOLDERS:
            if pattern.search(part):
                return service
    for above in (folder, *folder.parents):
        for marker, service in CLOUD_MARKERS:
            if next(iter(above.glob(marker)), None) is not None and above != Path.home():
                return service
    return ""


def mount_of(folder: Path) -> Mount:
    """The file system a folder lies on."""
    if sys.platform == "win32":
        return _windows_mount(folder)
    if sys.platform == "darwin":
        return among(folder, macos_mounts(subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=10, check=False).stdout))
    try:
        return among(folder, linux_mounts(Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape")))
    except OSError:
        return Mount(Path("/"), "")


def among(folder: Path, mounts: list[Mount]) -> Mount:
    """The deepest mount above a folder; of several on one point the last, which covers the others."""
    folder = folder.resolve()
    above = [mount for mount in mounts if folder.is_relative_to(mount.point)]
    return max(reversed(above), key=lambda mount: len(mount.point.parts), default=Mount(Path("/"), ""))


def linux_mounts(table: str) -> list[Mount]:
    """The table of /proc/self/mounts; spaces in it are written as \\040."""
    rows = [line.split() for line in table.splitlines()]
    return [Mount(Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), row[1])), row[2]) for row in rows if len(row) > 2]


def macos_mounts(listing: str) -> list[Mount]:
    """What `mount` prints: `device on /place (kind, options)`."""
    return [Mount(Path(point), kind) for point, kind in re.findall(r" on (/.*) \((\w+)", listing)]


def _windows_mount(folder: Path) -> Mount:
    root = folder.absolute().anchor
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415

        kind = ctypes.create_unicode_buffer(64)
        if ctypes.windll.kernel32.GetDriveTypeW(root) == 4:  # DRIVE_REMOTE
            return Mount(Path(root), "remote")
        if ctypes.windll.kernel32.GetVolumeInformationW(root, None, 0, None, None, None, kind, len(kind)):
            return Mount(Path(root), kind.value)
    return Mount(Path(root or os.sep), "")
