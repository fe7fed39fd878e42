//! The command line, through the built binary.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

const CONFIG: &str = r#"
providers:
  - {name: main, type: openai, base_url: "http://127.0.0.1:1/v1", api_key: "${MAIN_KEY}"}
models:
  - name: gpt-5
    associations: [{provider: main, model: gpt-5}]
keys:
  - {name: team-a, key: "${TEAM_A_KEY}", models: [gpt-5]}
"#;

/// A command in `folder` with nothing from the test's own environment.
fn llmio(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llmio"));
    command.current_dir(folder).env_clear().args(args);
    command
}

fn run(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    llmio(folder, args).envs(env.iter().copied()).output().unwrap()
}

struct Row {
    args: &'static [&'static str],
    env: &'static [(&'static str, &'static str)],
    code: i32,
    /// Each must be in standard output or in standard error.
    says: &'static [&'static str],
}

const SECRETS: &[(&str, &str)] = &[("MAIN_KEY", "sk-main-secret"), ("TEAM_A_KEY", "sk-team-a-secret-key")];

/// In order, in one folder: later rows see what earlier ones did.
const ROWS: &[Row] = &[
    Row { args: &["--version"], env: &[], code: 0, says: &["llmio 0.1.0"] },
    Row {
        args: &["--help"],
        env: &[],
        code: 0,
        says: &[
            "LLMIO_DATABASE_URL",
            "LLMIO_SERVER_PORT",
            "TOKEN",
            "apply",
            "key create",
            "curl http://127.0.0.1:7070",
        ],
    },
    Row { args: &["key", "create", "--help"], env: &[], code: 0, says: &["--expires-at", "--model"] },
    Row { args: &["serv"], env: &[], code: 2, says: &["serve"] },
    Row { args: &["--port", "70707"], env: &[], code: 2, says: &["70707", "--port"] },
    Row { args: &["--open", "--host", "0.0.0.0"], env: &[], code: 1, says: &["LLMIO_OPEN", "0.0.0.0"] },
    Row {
        args: &["serve", "--token", "t"],
        env: &[("LLMIO_OPEN", "1")],
        code: 1,
        says: &["TOKEN is set", "--open", "LLMIO_OPEN"],
    },
    Row {
        args: &["--port", "0"],
        env: &[("LLMIO_DATABASE_URL", "http://127.0.0.1:1"), ("LLMIO_SECRET_KEY", "a text that is long enough")],
        code: 1,
        says: &["TOKEN is required", "openssl rand"],
    },
    Row { args: &["--trusted-proxies", "10.0.0.0/99"], env: &[], code: 2, says: &["10.0.0.0/99", "--trusted-proxies"] },
    Row { args: &["--host", "nowhere.invalid"], env: &[("TOKEN", "t")], code: 1, says: &["nowhere.invalid"] },
    Row { args: &["migrate"], env: &[("LLMIO_DATABASE_URL", "ftp://x")], code: 1, says: &["unknown scheme"] },
    Row { args: &["migrate"], env: &[("LLMIO_DATABASE_URL", "libsql://x")], code: 1, says: &["LLMIO_SECRET_KEY"] },
    Row {
        args: &["migrate", "--database-url", "http://127.0.0.1:1"],
        env: &[("LLMIO_SECRET_KEY", "a text that is long enough")],
        code: 1,
        says: &["127.0.0.1:1", "not reached"],
    },
    Row { args: &["migrate"], env: &[("LLMIO_SECRET_KEY", "short")], code: 1, says: &["LLMIO_SECRET_KEY"] },
    Row { args: &["health", "--port", "1"], env: &[], code: 1, says: &["127.0.0.1:1"] },
    Row { args: &["check", "missing.yaml"], env: &[], code: 1, says: &["missing.yaml cannot be read"] },
    Row {
        args: &["check", "llmio.yaml"],
        env: &[],
        code: 1,
        says: &["llmio.yaml: line 3", "MAIN_KEY", "llmio.yaml: line 8", "TEAM_A_KEY"],
    },
    Row { args: &["check", "llmio.yaml"], env: SECRETS, code: 0, says: &["1 providers, 1 models, 1 keys"] },
    Row {
        args: &["check", "llmio.yaml", "--live"],
        env: SECRETS,
        code: 1,
        says: &["1 providers, 1 models, 1 keys", "main: ", "1 of 1 providers cannot be used"],
    },
    Row { args: &["check", "broken.yaml"], env: SECRETS, code: 1, says: &["broken.yaml: line 2", "colour"] },
    Row { args: &["migrate", "--dry-run"], env: &[], code: 0, says: &["would apply 0001_config"] },
    Row { args: &["migrate"], env: &[], code: 0, says: &["applied 0001_config", "db/llmio.db is at"] },
    Row {
        args: &["migrate"],
        env: &[("LLMIO_CONFIG", ""), ("DB_VACUUM", ""), ("TOKEN", "")],
        code: 0,
        says: &["is at"],
    },
    Row { args: &["--database-url", "file:db/llmio.db", "migrate"], env: &[], code: 0, says: &["db/llmio.db is at"] },
    Row {
        args: &["apply", "llmio.yaml", "--dry-run"],
        env: SECRETS,
        code: 0,
        says: &["create provider main", "would be"],
    },
    Row {
        args: &["apply", "llmio.yaml"],
        env: SECRETS,
        code: 0,
        says: &["create provider main", "create model gpt-5"],
    },
    Row { args: &["apply", "llmio.yaml"], env: SECRETS, code: 0, says: &["Nothing to change"] },
    Row { args: &["export"], env: &[], code: 0, says: &["base_url", "http://127.0.0.1:1/v1", "${MAIN_API_KEY}"] },
    Row { args: &["export", "--json"], env: &[], code: 0, says: &["\"providers\": ["] },
    Row { args: &["key", "list"], env: &[], code: 0, says: &["team-a", "gpt-5"] },
    Row { args: &["key", "create", "laptop", "--expires-at", "soon"], env: &[], code: 1, says: &["2027-01-31"] },
    Row { args: &["key", "create", "laptop", "--model", "gpt-*"], env: &[], code: 0, says: &["sk-llmio-"] },
    Row { args: &["key", "create", "laptop"], env: &[], code: 1, says: &["laptop"] },
    Row { args: &["key", "list"], env: &[], code: 0, says: &["team-a", "laptop", "gpt-*"] },
    Row { args: &["key", "revoke", "laptop"], env: &[], code: 0, says: &["revoked laptop"] },
    Row { args: &["key", "revoke", "laptop"], env: &[], code: 1, says: &["no key `laptop`"] },
    // Another key does not open what the key file sealed.
    Row {
        args: &["export"],
        env: &[("LLMIO_SECRET_KEY", "another key, long enough")],
        code: 1,
        says: &["LLMIO_SECRET_KEY"],
    },
];

#[test]
fn commands() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("llmio.yaml"), CONFIG).unwrap();
    fs::write(folder.path().join("broken.yaml"), "settings:\n  colour: blue\n").unwrap();
    for row in ROWS {
        let output = run(folder.path(), row.args, row.env);
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(row.code), "{:?}: {said}", row.args);
        for text in row.says {
            assert!(said.contains(text), "{:?} does not say {text:?}: {said}", row.args);
        }
        for (_, secret) in SECRETS {
            assert!(!said.contains(secret), "{:?} tells a secret: {said}", row.args);
        }
    }
}

/// A running server, ended on drop.
struct Server {
    process: Child,
    url: String,
    stdout: BufReader<ChildStdout>,
}

impl Server {
    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        let url =
            first_line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{first_line:?}")).to_owned();
        Self { process, url, stdout }
    }

    /// What a request of these lines is answered, when the server closes the connection.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(request.replace('\n', "\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// What it has said, once it is ended.
    fn end(mut self) -> String {
        self.process.kill().unwrap();
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        said
    }

    fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn serving() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("llmio.yaml"), CONFIG).unwrap();
    let mut command = llmio(folder.path(), &["--config", "llmio.yaml"]);
    command.env("LLMIO_SERVER_PORT", "0").envs(SECRETS.iter().copied());
    let mut server = Server::start(command);

    let health = run(folder.path(), &["health"], &[("LLMIO_SERVER_PORT", server.port())]);
    assert!(health.status.success(), "{}", String::from_utf8_lossy(&health.stderr));

    let second = run(folder.path(), &["--port", server.port()], &[]);
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && said.contains("is in use"), "{said}");

    // The command line works beside a running server, on what that one applied at its start.
    let keys = run(folder.path(), &["key", "list"], &[]);
    assert!(String::from_utf8(keys.stdout).unwrap().contains("team-a"));

    #[cfg(unix)]
    {
        let stopped = Command::new("kill").arg(server.process.id().to_string()).status().unwrap();
        assert!(stopped.success());
        assert!(server.process.wait().unwrap().success(), "SIGTERM ends the server well");
    }
}

#[cfg(unix)]
#[test]
fn the_key_file_is_private_and_stays() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db/llmio.key");
    assert!(run(folder.path(), &["migrate"], &[]).status.success());
    let key = fs::read_to_string(&path).unwrap();
    assert_eq!(key.len(), 64);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(run(folder.path(), &["migrate"], &[]).status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), key);
    fs::write(&path, "").unwrap();
    let output = run(folder.path(), &["migrate"], &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("llmio.key"), "{said}");
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn a_server_without_a_token_makes_one_and_asks_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db/llmio.token");
    let start = || Server::start(llmio(folder.path(), &["--port", "0"]));
    let mut tokens = Vec::new();
    for is_new in [true, false] {
        let server = start();
        let token = fs::read_to_string(&file).unwrap();
        assert_eq!(token.len(), 48);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for (path, key, expected) in [
            ("/api/providers", "", "401"),
            ("/api/providers", "authorization: Bearer other\n", "401"),
            ("/api/providers", &format!("authorization: Bearer {token}\n"), "200"),
            ("/v1/models", "", "401"),
            ("/v1/models", &format!("authorization: Bearer {token}\n"), "200"),
            ("/healthz", "", "200"),
        ] {
            let answer = server.ask(&format!("GET {path} HTTP/1.1\nhost: localhost\nconnection: close\n{key}\n"));
            assert_eq!(status(&answer), expected, "{path} {key}: {answer}");
        }
        let said = server.end();
        assert_eq!(said.contains(&token), is_new, "{said}");
        assert!(said.contains("db/llmio.token"), "{said}");
        tokens.push(token);
    }
    assert_eq!(tokens[0], tokens[1]);
    // TOKEN wins.
    let mut command = llmio(folder.path(), &["--port", "0"]);
    command.env("TOKEN", "a-token-of-the-operator");
    let server = Server::start(command);
    let key = "authorization: Bearer a-token-of-the-operator";
    let answer = server.ask(&format!("GET /api/providers HTTP/1.1\nhost: localhost\nconnection: close\n{key}\n\n"));
    assert_eq!(status(&answer), "200");
    assert!(!server.end().contains(&tokens[0]));
}

/// Silent connections that take every descriptor make room for who has something to ask, long before they are closed for
/// their silence.
#[cfg(target_os = "linux")]
#[test]
fn who_asks_gets_a_place_when_descriptors_have_run_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -n 64; exec \"$0\" --open --port 0 2> log", env!("CARGO_BIN_EXE_llmio")]);
    command.current_dir(folder.path()).env_clear().env("LLMIO_THREADS", "2");
    let server = Server::start(command);
    let address = server.url.strip_prefix("http://").unwrap();
    let silent: Vec<_> = (0..80).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), "200", "{answer}");
    drop(silent);
    server.end();
    let said = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(said.matches("no further connection can be accepted").count(), 1, "{said}");
}

#[test]
fn an_open_server_serves_this_computer_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(llmio(folder.path(), &["--open", "--port", "0"]));
    for (request, expected) in [
        ("GET /api/providers HTTP/1.1\nhost: localhost", "200"),
        ("GET /v1/models HTTP/1.1\nhost: 127.0.0.1:7070", "200"),
        // Through a proxy that says so, or that only shows by its version.
        ("GET /api/providers HTTP/1.1\nhost: localhost\nx-forwarded-for: 192.0.2.1", "403"),
        ("GET /api/providers HTTP/1.1\nhost: localhost\nvia: 1.1 proxy", "403"),
        ("GET /api/providers HTTP/1.0\nhost: localhost", "403"),
        ("GET /api/providers HTTP/1.1\nhost: any.localhost", "403"),
        ("GET /v1/models HTTP/1.1\nhost: gateway.example", "403"),
    ] {
        let answer = server.ask(&format!("{request}\nconnection: close\n\n"));
        assert_eq!(status(&answer), expected, "{request}: {answer}");
    }
    assert!(!folder.path().join("db/llmio.token").exists());
    assert!(server.end().contains("OPEN"));
}

/// A crash between writing a key and putting it in its place leaves a draft.
#[test]
fn a_draft_of_a_key_file_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("db")).unwrap();
    for draft in ["llmio.key.1", "llmio.key.0123456789abcdef"] {
        fs::write(folder.path().join("db").join(draft), "half").unwrap();
    }
    assert!(run(folder.path(), &["migrate"], &[]).status.success());
    assert_eq!(fs::read_to_string(folder.path().join("db/llmio.key")).unwrap().len(), 64);
}
