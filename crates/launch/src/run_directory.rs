use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use eyot_sys::{Call, Errno, Error};

/// Where root's living state lies: locks and the nursery. Empty again after a boot.
#[derive(Clone, Debug)]
pub(crate) struct RunDirectory(PathBuf);

impl RunDirectory {
    /// `/run/eyot`, made if missing; refused if somebody else could have put things there.
    pub(crate) fn open() -> Result<Self, Error> {
        Self::at(Path::new("/run/eyot"))
    }

    fn at(path: &Path) -> Result<Self, Error> {
        let failed = |error: std::io::Error| io_error(path, &error);
        match DirBuilder::new().mode(0o755).create(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            result => result.map_err(failed)?,
        }
        let metadata = fs::symlink_metadata(path).map_err(failed)?;
        if !metadata.is_dir() || metadata.uid() != 0 || metadata.mode() & 0o022 != 0 {
            let call = format!("use {}: not a directory that only root can write", path.display());
            return Err(Call::Other { call }.failed(Errno::PERM));
        }
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// An empty file for locks.
    pub(crate) fn open_file(&self, name: &str) -> Result<OwnedFd, Error> {
        let path = self.path(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let file: Result<File, _> = options.open(&path);
        file.map(OwnedFd::from).map_err(|error| io_error(&path, &error))
    }
}

pub(crate) fn io_error(path: &Path, error: &std::io::Error) -> Error {
    let errno = Errno::from_io_error(error).unwrap_or(Errno::IO);
    Call::Lookup { path: path.to_owned() }.failed(errno)
}
