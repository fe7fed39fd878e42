//! A database of the original LLMIO, through the built binary.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use llmio_original::{APP_KEY, EXPIRED_KEY, OFF_KEY, SCOPED_KEY, Spec, change, lock, make, numbers};
use tempfile::TempDir;

const TOKEN: &str = "token-of-the-original";

fn llmio(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llmio"));
    command.current_dir(folder).env_clear().env("TOKEN", TOKEN).args(args);
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    llmio(folder, args).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A folder as the original left it, and its database's bytes.
async fn original(spec: &Spec) -> (TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("db")).unwrap();
    let path = folder.path().join("db/llmio.db");
    make(&path, spec).await.unwrap();
    let bytes = fs::read(&path).unwrap();
    (folder, bytes)
}

struct Server {
    process: Child,
    address: String,
    errors: Option<std::process::ChildStderr>,
}

impl Server {
    fn start(folder: &Path) -> Self {
        Self::start_as(llmio(folder, &["--port", "0"]))
    }

    fn start_as(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let errors = process.stderr.take();
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            let mut said = String::new();
            errors.unwrap().read_to_string(&mut said).unwrap();
            panic!("it does not serve: {line}{said}");
        };
        Self { address: address.to_owned(), process, errors }
    }

    fn get(&self, path: &str, key: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn status(&self, path: &str, key: &str) -> String {
        self.get(path, key).split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// What it said on standard error, once it is ended.
    fn end(mut self) -> String {
        self.process.kill().unwrap();
        let mut said = String::new();
        self.errors.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until the whole history is in a database.
async fn until_all_is_here(database: &Path) {
    let began = Instant::now();
    loop {
        let found = numbers(database, "SELECT count(*) FROM imports WHERE finished_at IS NOT NULL").await;
        if found.is_ok_and(|found| found == [1.0]) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "the history does not come to its end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const THERE: &str = "SELECT count(*), sum(completion_tokens) FROM chat_logs WHERE deleted_at IS NULL";
const HERE: &str = "SELECT count(*), sum(output_tokens) FROM logs";
const RECORDS: &str = "SELECT (SELECT count(*) FROM providers), (SELECT count(*) FROM models), (SELECT count(*) FROM keys), \
                       (SELECT count(*) FROM log_bodies), (SELECT sum(requests) FROM rollups WHERE hour > 0)";

#[tokio::test]
async fn a_start_takes_over_what_lies_at_its_place() {
    let (folder, bytes) = original(&Spec::new(3_000)).await;
    let (database, kept) = (folder.path().join("db/llmio.db"), folder.path().join("db/llmio.original.db"));
    let server = Server::start(folder.path());
    for (path, key, expected) in [
        ("/v1/models", APP_KEY, "200"),
        ("/openai/v1/models", SCOPED_KEY, "200"),
        ("/anthropic/v1/models", APP_KEY, "200"),
        ("/gemini/v1beta/models", APP_KEY, "200"),
        ("/healthz", "", "200"),
        ("/v1/models", EXPIRED_KEY, "401"),
        ("/v1/models", OFF_KEY, "401"),
        ("/v1/models", "sk-original-removed-012345678", "401"),
        ("/api/providers", TOKEN, "200"),
    ] {
        assert_eq!(server.status(path, key), expected, "{path} {key}");
    }
    assert!(server.get("/v1/models", SCOPED_KEY).contains("\"claude\""));
    assert!(!server.get("/v1/models", SCOPED_KEY).contains("\"gpt\""));
    until_all_is_here(&database).await;
    let text = server.end();
    for part in [
        "one of the original LLMIO",
        "db/llmio.original.db",
        "13 providers, 7 models, 8 associations, 8 keys",
        "provider `proxied`: has a proxy",
        "LLMIO_HOST=0.0.0.0",
        "all of it is here",
    ] {
        assert!(text.contains(part), "{part} is not said: {text}");
    }
    assert!(!text.contains(APP_KEY) && !text.contains("sk-upstream"), "a secret is told: {text}");
    assert_eq!(fs::read(&kept).unwrap(), bytes, "set aside byte for byte");
    assert_eq!(numbers(&kept, THERE).await.unwrap(), numbers(&database, HERE).await.unwrap());
    let records = numbers(&database, RECORDS).await.unwrap();

    let text = {
        let server = Server::start(folder.path());
        assert_eq!(server.status("/v1/models", APP_KEY), "200");
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.end()
    };
    assert!(!text.contains("original"), "a second start says nothing of it: {text}");
    assert_eq!(numbers(&database, RECORDS).await.unwrap(), records, "and adds nothing");
    let mut files: Vec<_> = fs::read_dir(folder.path().join("db"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
    files.sort();
    assert_eq!(files, ["llmio.db", "llmio.key", "llmio.original.db"]);
}

/// `LLMIO_SERVER_PORT`, `TZ` and `DB_VACUUM`; `TOKEN` is in every test.
#[tokio::test]
async fn the_originals_environment_means_the_same() {
    let (folder, _) = original(&Spec::new(3_000)).await;
    let database = folder.path().join("db/llmio.db");
    let start = |vacuum: &str| {
        let mut command = llmio(folder.path(), &[]);
        command.envs([("LLMIO_SERVER_PORT", "0"), ("TZ", "Asia/Shanghai"), ("DB_VACUUM", vacuum)]);
        Server::start_as(command)
    };
    let server = start("false");
    assert_ne!(server.address, "127.0.0.1:7070", "the port is the one of the environment");
    until_all_is_here(&database).await;
    let text = server.end();
    assert!(text.contains("+08:00 ") && !text.contains("+00:00 "), "times of the log are in its zone: {text}");
    change(&database, "DELETE FROM logs; PRAGMA wal_checkpoint(TRUNCATE);").await.unwrap();
    let size = || fs::metadata(&database).unwrap().len();
    let full = size();
    start("false").end();
    assert_eq!(size(), full);
    start("true").end();
    assert!(size() < full / 2, "{} of {full} bytes are left", size());
}

/// As `kill -9`, at moments that move on; then once more, to the end.
#[tokio::test]
async fn killed_at_any_moment_it_leaves_the_original_and_begins_anew() {
    let (folder, bytes) = original(&Spec::new(20_000)).await;
    let (database, kept) = (folder.path().join("db/llmio.db"), folder.path().join("db/llmio.original.db"));
    let mut delay = Duration::ZERO;
    for _ in 0..40 {
        let mut process =
            llmio(folder.path(), &["--port", "0"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(delay).await;
        process.kill().unwrap();
        process.wait().unwrap();
        delay += Duration::from_millis(5);
        let is_there = |path: &Path| fs::read(path).is_ok_and(|found| found == bytes);
        assert!(is_there(&database) || is_there(&kept), "the original is gone after {delay:?}");
    }
    let server = Server::start(folder.path());
    assert_eq!(server.status("/v1/models", APP_KEY), "200");
    until_all_is_here(&database).await;
    drop(server);
    assert_eq!(fs::read(&kept).unwrap(), bytes);
    assert_eq!(numbers(&kept, THERE).await.unwrap(), numbers(&database, HERE).await.unwrap());
    let sums = "SELECT (SELECT sum(requests) FROM rollups WHERE hour > 0), (SELECT sum(is_final) FROM logs \
                WHERE created_at > (unixepoch() - 400 * 86400) * 1000000)";
    let sums = numbers(&database, sums).await.unwrap();
    assert_eq!(sums[0], sums[1], "each is counted once");
}

/// What a kill leaves between any two steps on the file system.
#[tokio::test]
async fn each_state_between_two_steps_is_gone_on_from() {
    for state in ["a draft", "half a draft", "a second name", "no second names", "an empty journal"] {
        let (folder, bytes) = original(&Spec::new(20)).await;
        let db = |name: &str| folder.path().join("db").join(name);
        match state {
            "a draft" => fs::write(db("llmio.db.importing"), b"").unwrap(),
            "half a draft" => {
                fs::write(db("llmio.db.importing"), &bytes[..4096]).unwrap();
                fs::write(db("llmio.db.importing-wal"), b"rest").unwrap();
            }
            "a second name" => {
                fs::write(db("llmio.db.importing"), b"").unwrap();
                fs::hard_link(db("llmio.db"), db("llmio.original.db")).unwrap();
            }
            "no second names" => {
                fs::write(db("llmio.db.importing"), b"").unwrap();
                fs::rename(db("llmio.db"), db("llmio.original.db")).unwrap();
            }
            _ => fs::write(db("llmio.db-journal"), b"").unwrap(),
        }
        let server = Server::start(folder.path());
        assert_eq!(server.status("/v1/models", APP_KEY), "200", "{state}");
        drop(server);
        assert_eq!(fs::read(db("llmio.original.db")).unwrap(), bytes, "{state}");
        assert!(!db("llmio.db.importing").exists() && !db("llmio.original-2.db").exists(), "{state}");
    }
}

#[tokio::test]
async fn the_command_brings_it_into_any_database() {
    let (folder, bytes) = original(&Spec::new(500)).await;
    let there = folder.path().join("db/llmio.db");
    let args = ["import", "llmio", "db/llmio.db", "--database-url", "file:new/llmio.db"];
    let dry = run(folder.path(), &[&args[..], &["--dry-run"][..]].concat());
    for part in
        ["create provider main", "create key app", "note: provider `broken`", "history: 505 log entries", "Nothing was"]
    {
        assert!(said(&dry).contains(part), "{part}: {}", said(&dry));
    }
    assert!(!folder.path().join("new").exists(), "a dry run makes nothing");
    for round in 0..2 {
        let output = run(folder.path(), &args);
        assert!(output.status.success(), "{}", said(&output));
        let part = if round == 0 { "13 providers" } else { "is not imported again" };
        assert!(said(&output).contains(part), "{}", said(&output));
        let database = folder.path().join("new/llmio.db");
        assert_eq!(numbers(&there, THERE).await.unwrap(), numbers(&database, HERE).await.unwrap());
    }
    assert_eq!(fs::read(&there).unwrap(), bytes);

    let export = run(folder.path(), &["import", "llmio", "db/llmio.db", "--export", "out.yaml"]);
    assert!(export.status.success() && said(&export).contains("stays behind"), "{}", said(&export));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(folder.path().join("out.yaml")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let applied = run(folder.path(), &["apply", "out.yaml", "--database-url", "file:applied/llmio.db"]);
    assert!(said(&applied).contains("create key app"), "{}", said(&applied));
    let again = run(folder.path(), &["import", "llmio", "db/llmio.db", "--export", "out.yaml"]);
    assert!(!again.status.success() && said(&again).contains("name a new file"), "{}", said(&again));

    // At the database's own place it is set aside, as by a start.
    let output = run(folder.path(), &["import", "llmio", "db/llmio.db"]);
    assert!(output.status.success() && said(&output).contains("llmio.original.db"), "{}", said(&output));
    let kept = folder.path().join("db/llmio.original.db");
    assert_eq!(fs::read(&kept).unwrap(), bytes);
    assert_eq!(numbers(&kept, THERE).await.unwrap(), numbers(&there, HERE).await.unwrap());
}

#[tokio::test]
async fn what_cannot_be_taken_over_is_refused_with_what_to_do() {
    let (folder, bytes) = original(&Spec::new(2_000)).await;
    let database = folder.path().join("db/llmio.db");
    let refused = |args: &[&str], parts: &[&str]| {
        let output = run(folder.path(), args);
        let said = said(&output);
        assert!(!output.status.success(), "{args:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "{args:?} does not say {part}: {said}");
        }
    };
    // Other commands leave it alone, and make nothing beside it.
    refused(&["key", "list"], &["original LLMIO", "start the server", "--dry-run"]);
    refused(&["migrate"], &["original LLMIO"]);
    assert_eq!(fs::read(&database).unwrap(), bytes);
    assert_eq!(fs::read_dir(folder.path().join("db")).unwrap().count(), 1);

    fs::write(folder.path().join("text"), "no database").unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    fs::write(folder.path().join("half"), &bytes[..bytes.len() / 2]).unwrap();
    assert!(run(folder.path(), &["migrate", "--database-url", "file:ours.db"]).status.success());
    change(&folder.path().join("other"), "CREATE TABLE notes (x)").await.unwrap();
    let rows: [(&str, &[&str]); 7] = [
        ("missing", &["is not there", "db/llmio.db"]),
        ("db", &["is a folder", "db/llmio.db"]),
        ("text", &["is no SQLite database"]),
        ("empty", &["is empty"]),
        ("half", &["only half there", "copy it again"]),
        ("ours.db", &["already", "nothing to import"]),
        ("other", &["no database of the original LLMIO"]),
    ];
    for (file, parts) in rows {
        refused(&["import", "llmio", file, "--database-url", "file:new.db"], parts);
    }
    assert!(!folder.path().join("new.db").exists());

    // At its own place: half there, left in the middle of a write, with a part elsewhere.
    let start = ["--port", "0"];
    fs::copy(folder.path().join("half"), &database).unwrap();
    refused(&start, &["half there"]);
    fs::write(&database, &bytes).unwrap();
    let journal = folder.path().join("db/llmio.db-journal");
    let mut hot = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    hot.extend([0; 512]);
    fs::write(&journal, &hot).unwrap();
    refused(&start, &["start the original LLMIO once more"]);
    fs::remove_file(&journal).unwrap();
    fs::write(folder.path().join("db/llmio.db-wal"), "frames").unwrap();
    refused(&start, &["llmio.db-wal", "sqlite3"]);
    // SQLite may have seen by itself that it is none.
    let _ = fs::remove_file(folder.path().join("db/llmio.db-wal"));

    // Written to by another program at this moment.
    let locked = lock(&database).await.unwrap();
    refused(&start, &["stop it"]);
    drop(locked);
    assert_eq!(fs::read(&database).unwrap(), bytes, "nothing of all this has changed it");
    let server = Server::start(folder.path());
    assert_eq!(server.status("/v1/models", APP_KEY), "200");
}

#[cfg(unix)]
#[tokio::test]
async fn files_of_somebody_else_are_told_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let (folder, bytes) = original(&Spec::new(20)).await;
    // Only root can start the program as somebody else; others have no file of somebody else's.
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    if !is_root {
        return;
    }
    for path in [folder.path().to_owned(), folder.path().join("db")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(folder.path().join("db/llmio.db"), fs::Permissions::from_mode(0o644)).unwrap();
    // Where it is built may be closed to others.
    let binary = folder.path().join("llmio");
    fs::copy(env!("CARGO_BIN_EXE_llmio"), &binary).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&binary);
    let output =
        command.current_dir(folder.path()).env_clear().args(["--port", "0"]).uid(65532).gid(65532).output().unwrap();
    let text = said(&output);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("sudo chown -R 65532:65532 db"), "{text}");
    assert_eq!(fs::read(folder.path().join("db/llmio.db")).unwrap(), bytes);
}

/// As in the image, where the original's folder is there only when it is mounted.
#[tokio::test]
async fn the_database_is_in_the_first_folder_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let migrate = || {
        let mut command = llmio(folder.path(), &["migrate"]);
        said(&command.env("LLMIO_DATABASE_FOLDERS", "app/db,data").output().unwrap())
    };
    assert!(migrate().contains("data/llmio.db is at"), "{}", migrate());
    fs::create_dir_all(folder.path().join("app/db")).unwrap();
    make(&folder.path().join("app/db/llmio.db"), &Spec::new(20)).await.unwrap();
    assert!(migrate().contains("app/db/llmio.db is a database of the original LLMIO"), "{}", migrate());
    let mut command = llmio(folder.path(), &["import", "llmio", "app/db/llmio.db"]);
    let taken = command.env("LLMIO_DATABASE_FOLDERS", "app/db,data").output().unwrap();
    assert!(said(&taken).contains("app/db/llmio.original.db"), "{}", said(&taken));
    assert!(migrate().contains("app/db/llmio.db is at"), "{}", migrate());
}
