//! Serving the page on 127.0.0.1.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow};
use tiny_http::{Header, Method, Request, Response, Server};

/// What the page may do: run its own scripts and styles, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// A page that is being served.
#[derive(Debug)]
pub(crate) struct Served {
    /// Where.
    pub(crate) url: String,
    worker: thread::JoinHandle<()>,
}

impl Served {
    /// Serves until the program ends.
    pub(crate) fn wait(self) -> Result<()> {
        self.worker.join().map_err(|_| anyhow!("the server stopped"))
    }
}

/// Serves the files of a folder, as they are now; port 0 is any free one.
pub(crate) fn serve(site: &Path, port: u16) -> Result<Served> {
    let files = Arc::new(read(site)?);
    let server = Server::http((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| format!("cannot listen on port {port}; --port takes another, 0 any free one"))?;
    let address = server.server_addr().to_ip().context("the server has no address")?;
    let worker = thread::spawn(move || {
        for request in server.incoming_requests() {
            let files = Arc::clone(&files);
            // Who reads slowly keeps nobody waiting, and who hung up gets no answer.
            thread::spawn(move || answer(request, &files));
        }
    });
    Ok(Served { url: format!("http://{address}/"), worker })
}

/// Every file by the path it is asked for with. Only what is in this list is ever sent.
fn read(site: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(site).with_context(|| format!("cannot read {}", site.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(format!("/{}", entry.file_name().display()), fs::read(entry.path())?);
        }
    }
    let index = files.get("/index.html").cloned().context("the page has no index.html")?;
    files.insert("/".to_owned(), index);
    Ok(files)
}

fn answer(request: Request, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return request.respond(Response::from_string("only GET\n").with_status_code(405));
    }
    let path = request.url().split(['?', '#']).next().unwrap_or_default().to_owned();
    let Some(bytes) = files.get(&path) else {
        return request.respond(Response::from_string("there is no such file\n").with_status_code(404));
    };
    let mut response = Response::from_data(bytes.clone());
    for (name, value) in [
        ("Content-Type", media_type(&path)),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-cache"),
    ] {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    request.respond(response)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        _ => "text/html; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn ask(url: &str, request: &str) -> String {
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn only_the_files_of_the_folder_are_served() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        fs::create_dir(&site).unwrap();
        fs::write(site.join("index.html"), "the page").unwrap();
        fs::write(site.join("app_bg.wasm"), "\0asm").unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        let served = super::serve(&site, 0).unwrap();
        let index = ask(&served.url, "GET /?x");
        assert!(index.starts_with("HTTP/1.1 200") && index.ends_with("the page"), "{index}");
        assert!(index.contains("Content-Security-Policy: default-src 'none'"), "{index}");
        assert!(ask(&served.url, "GET /app_bg.wasm").contains("application/wasm"));
        for path in ["/../secret", "/%2e%2e/secret", "/none", "//etc/passwd"] {
            assert!(ask(&served.url, &format!("GET {path}")).starts_with("HTTP/1.1 404"), "{path}");
        }
        assert!(ask(&served.url, "POST /").starts_with("HTTP/1.1 405"));
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), "").unwrap();
        let served = super::serve(folder.path(), 0).unwrap();
        let port = served.url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
        let error = format!("{:#}", super::serve(folder.path(), port).unwrap_err());
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
    }
}
