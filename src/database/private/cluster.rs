//! The cluster's files: whose they are, and making them with `initdb`.
//!
//! Not in here: running the cluster, and the database in it (see `readiness`).

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::PathBuf,
    process::{self, Stdio},
    time::Duration,
};

use nix::unistd::geteuid;
use tokio::{process::Command, time::timeout};
use tracing::{debug, info};

use super::{
    PrivateDatabaseError,
    binaries::Binaries,
    layout::{Layout, NAME},
    leftovers, log_tail, postmaster,
};

/// How long `initdb` may take; a second or two is usual.
const INITDB: Duration = Duration::from_mins(5);
/// What an unfinished cluster's name begins with.
const UNFINISHED: &str = "pgdata.new-";
/// The bits that PostgreSQL doesn't want on its folder.
const TOO_LOOSE: u32 = 0o027;

/// Nothing is there yet, or an empty folder, which a rename replaces.
pub(super) fn is_missing(layout: &Layout) -> bool {
    match fs::read_dir(layout.pgdata()) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// The major version that made the cluster; `None` where there is none yet.
///
/// # Errors
/// Where what is there is no cluster, isn't ours, or may be read by others.
pub(super) fn version(layout: &Layout) -> Result<Option<u32>, PrivateDatabaseError> {
    if is_missing(layout) {
        return Ok(None);
    }
    let pgdata = layout.pgdata();
    let folder = fs::metadata(&pgdata).map_err(PrivateDatabaseError::io("look at", &pgdata))?;
    let us = geteuid().as_raw();
    if folder.uid() != us {
        return Err(PrivateDatabaseError::ForeignCluster { pgdata, owner: folder.uid(), us });
    }
    let mode = folder.mode() & 0o7777;
    if mode & TOO_LOOSE != 0 {
        return Err(PrivateDatabaseError::LoosePermissions { pgdata, mode });
    }
    match fs::read_to_string(pgdata.join("PG_VERSION")).ok().and_then(|version| version.trim().parse().ok()) {
        Some(major) => Ok(Some(major)),
        None => Err(PrivateDatabaseError::NotACluster { pgdata }),
    }
}

/// Makes the cluster beside its place and renames it when it is complete: a run that is killed leaves nothing that a later
/// one could take for a cluster.
///
/// # Errors
/// Where `initdb` fails, with what it said.
pub(super) async fn create(layout: &Layout, binaries: &Binaries) -> Result<(), PrivateDatabaseError> {
    let io = PrivateDatabaseError::io;
    remove_unfinished(layout).await?;
    info!(data_dir = %layout.data_dir.display(), version = %binaries.version, "making a private PostgreSQL cluster");
    let unfinished = match initdb(layout, binaries, "C.UTF-8").await {
        Err(PrivateDatabaseError::Initdb { output, .. }) if output.contains("locale") => {
            debug!(output, "no C.UTF-8 here: falling back to C");
            initdb(layout, binaries, "C").await?
        }
        made => made?,
    };
    fs::rename(&unfinished, layout.pgdata()).map_err(io("move into place", &unfinished))?;
    let data_dir = &layout.data_dir;
    File::open(data_dir).and_then(|folder| folder.sync_all()).map_err(io("write to disk", data_dir))
}

async fn remove_unfinished(layout: &Layout) -> Result<(), PrivateDatabaseError> {
    let entries =
        fs::read_dir(&layout.data_dir).map_err(PrivateDatabaseError::io("list", &layout.data_dir))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            info!(folder = %entry.path().display(), "removing a cluster that was not finished");
            leftovers::remove_unfinished(&entry.path()).await?;
        }
    }
    Ok(())
}

/// Runs `initdb` in a new folder, which is also its working folder, so that it can be found if we are killed.
async fn initdb(layout: &Layout, binaries: &Binaries, locale: &str) -> Result<PathBuf, PrivateDatabaseError> {
    let folder = layout.data_dir.join(format!("{UNFINISHED}{}", process::id()));
    DirBuilder::new().mode(0o700).create(&folder).map_err(PrivateDatabaseError::io("make", &folder))?;
    let mut command = Command::new(binaries.initdb());
    postmaster::clean_environment(&mut command, layout);
    command
        .arg("--pgdata")
        .arg(&folder)
        .arg(format!("--locale={locale}"))
        .arg(format!("--username={NAME}"))
        .args(["--encoding=UTF8", "--auth-local=trust", "--auth-host=reject", "--data-checksums"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    let Ok(ended) = timeout(INITDB, command.output()).await else {
        return Err(PrivateDatabaseError::InitdbTooSlow { seconds: INITDB.as_secs() });
    };
    let output = ended.map_err(PrivateDatabaseError::io("run", &binaries.initdb()))?;
    if output.status.success() {
        return Ok(folder);
    }
    // It empties the folder itself, but leaves it.
    let _ = fs::remove_dir_all(&folder);
    let output_text = log_tail::last_lines(&String::from_utf8_lossy(&output.stderr));
    Err(PrivateDatabaseError::Initdb { status: output.status, output: output_text })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn layout(folder: &tempfile::TempDir) -> Layout {
        Layout { data_dir: folder.path().into(), socket_dir: folder.path().into() }
    }

    #[test]
    fn no_folder_and_an_empty_folder_mean_that_there_is_no_cluster_yet() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(&folder);
        assert!(matches!(version(&layout), Ok(None)));
        fs::create_dir(layout.pgdata()).unwrap();
        assert!(matches!(version(&layout), Ok(None)));
    }

    #[test]
    fn a_folder_that_is_no_cluster_or_is_open_to_others_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(&folder);
        DirBuilder::new().mode(0o700).create(layout.pgdata()).unwrap();
        fs::write(layout.pgdata().join("notes.txt"), "").unwrap();
        assert!(matches!(version(&layout), Err(PrivateDatabaseError::NotACluster { .. })));
        fs::write(layout.pgdata().join("PG_VERSION"), "15\n").unwrap();
        assert!(matches!(version(&layout), Ok(Some(15))));
        fs::set_permissions(layout.pgdata(), fs::Permissions::from_mode(0o755)).unwrap();
        let error = version(&layout).unwrap_err().to_string();
        assert!(error.contains("has mode 0755"), "{error}");
    }
}
