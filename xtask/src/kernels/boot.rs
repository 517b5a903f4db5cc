//! Booting a kernel under QEMU.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// No kernel takes longer, or it hangs.
const PATIENCE: Duration = Duration::from_hours(1);

/// Boots the kernel with the image, waits until it switches off, and gives the lines of its second serial port.
pub(crate) fn boot(kernel: &Path, image: &Path, command: &str, folder: &Path, name: &str) -> Result<Vec<String>> {
    let results = folder.join(format!("{name}.results"));
    let console = folder.join(format!("{name}.console"));
    let start = Instant::now();
    let mut machine = Command::new("qemu-system-x86_64")
        .args(["-accel", "tcg", "-cpu", "max", "-m", "1024", "-display", "none", "-no-reboot", "-nodefaults"])
        .arg("-kernel")
        .arg(kernel)
        .arg("-initrd")
        .arg(image)
        .args(["-append", &format!("console=ttyS0 quiet panic=-1 lsm=capability -- {command}")])
        .args(["-serial", &format!("file:{}", console.display())])
        .args(["-serial", &format!("file:{}", results.display())])
        .stdin(Stdio::null())
        .spawn()
        .context("qemu-system-x86_64 cannot be started")?;
    let status = loop {
        if let Some(status) = machine.try_wait()? {
            break status;
        }
        if start.elapsed() > PATIENCE {
            machine.kill()?;
            machine.wait()?;
            bail!("the kernel did not switch off within an hour; see {}", console.display());
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    let text = fs::read(&results).with_context(|| format!("cannot read {}", results.display()))?;
    if !status.success() || text.is_empty() {
        let console = String::from_utf8_lossy(&fs::read(&console).unwrap_or_default()).into_owned();
        let last: Vec<_> = console.lines().rev().take(15).collect();
        let last: Vec<_> = last.into_iter().rev().collect();
        bail!("the kernel gave no results ({status}); its last messages:\n{}", last.join("\n"));
    }
    println!("It ran for {} s.", start.elapsed().as_secs());
    Ok(String::from_utf8_lossy(&text).lines().map(|line| line.trim().to_owned()).collect())
}
