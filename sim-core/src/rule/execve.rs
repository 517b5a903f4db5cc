//! The rules of execve(2), in the order in which the kernel tries them.

use super::{Source, rules};
use crate::kernel::changes;

const TRANSFORMATION: &str = "capabilities(7), Transformation of capabilities during execve()";
const ROOT: &str = "capabilities(7), Capabilities and execution of programs by root";
const MIXED: &str = "capabilities(7), Set-user-ID-root programs that have file capabilities";
const SECUREBITS: &str = "capabilities(7), The securebits flags: establishing a capabilities-only environment";
const NAMESPACED_FILES: &str = "capabilities(7), Namespaced file capabilities";
const VERSIONING: &str = "capabilities(7), File capability extended attribute versioning";
const DESCRIPTION: &str = "execve(2), DESCRIPTION";
const ERRORS: &str = "execve(2), ERRORS";
const AUXILIARY: &str = "getauxval(3), AT_SECURE";

const FROM_FILE: Source = Source::new("security/commoncap.c", "cap_bprm_creds_from_file");
const FROM_DISK: Source = Source::new("security/commoncap.c", "get_vfs_caps_from_disk");
const FROM_VFS: Source = Source::new("security/commoncap.c", "bprm_caps_from_vfs_caps");
const PRIVILEGED_ROOT: Source = Source::new("security/commoncap.c", "handle_privileged_root");
const FILL_UID: Source = Source::new("fs/exec.c", "bprm_fill_uid");
const UNSAFE_EXEC: Source = Source::new("fs/exec.c", "check_unsafe_exec");

rules! {
    REGULAR_FILE {
        id: "execve.regular-file",
        statement: "Only a regular file can be executed: a directory, a device or a pipe gives EACCES, to root too.",
        manual: ERRORS,
        source: Source::new("fs/namei.c", "may_open"),
    }
    NOEXEC_MOUNT {
        id: "execve.noexec-mount",
        statement: "Nothing can be executed from a mount with the noexec option.",
        manual: ERRORS,
        source: Source::new("fs/namei.c", "may_open"),
    }
    EXECUTE_PERMISSION {
        id: "execve.execute-permission",
        statement: "The caller needs execute permission on the file: the owner's x bit if its filesystem user id owns \
                    the file, else the group's if it is in the file's group, else the others'.",
        manual: ERRORS,
        source: Source::new("fs/namei.c", "generic_permission"),
    }
    DAC_OVERRIDE {
        id: "execve.dac-override",
        statement: "CAP_DAC_OVERRIDE in the effective set stands in for a missing x bit, if the file has at least one \
                    x bit and its owner and group are mapped in the caller's user namespace.",
        manual: "capabilities(7), Capabilities list",
        source: Source::new("fs/namei.c", "generic_permission"),
    }
    SCRIPT_CAPS_CHECKED {
        id: "execve.script-caps-checked",
        statement: "The capabilities of a script are never granted, but they are checked: a script whose attribute is \
                    unusable, or whose effective flag demands a capability that is out of reach, makes execve fail.",
        source: Source { release: "4.15", ..Source::new("fs/exec.c", "prepare_binprm") },
        until: Some(&changes::EXEC_CREDENTIALS_ONCE),
    }
    INTERPRETER {
        id: "execve.interpreter",
        statement: "A file that begins with #! is run by its interpreter. The script itself must be executable, but only the \
                    interpreter's owner, set-id bits and capabilities count.",
        manual: "execve(2), Interpreter scripts",
        source: Source::new("fs/exec.c", "begin_new_exec"),
    }
    TOO_MANY_INTERPRETERS {
        id: "execve.too-many-interpreters",
        statement: "At most five interpreters may follow one another.",
        manual: ERRORS,
        source: Source::new("fs/exec.c", "exec_binprm"),
    }
    NOSUID_MOUNT {
        id: "execve.nosuid-mount",
        statement: "On a mount with the nosuid option the set-user-ID bit, the set-group-ID bit and the file's \
                    capabilities are ignored, silently: the file is treated as if it had none.",
        manual: DESCRIPTION,
        source: Source::new("fs/namespace.c", "mnt_may_suid"),
    }
    SET_ID_NO_NEW_PRIVS {
        id: "execve.set-id-no-new-privs",
        statement: "With no_new_privs the set-user-ID and set-group-ID bits are ignored.",
        manual: "prctl(2), PR_SET_NO_NEW_PRIVS",
        source: FILL_UID,
    }
    SET_ID_UNMAPPED {
        id: "execve.set-id-unmapped",
        statement: "If the file's owner or its group has no mapping in the caller's user namespace, both set-id bits \
                    are ignored.",
        manual: "user_namespaces(7), Set-user-ID and set-group-ID programs",
        source: FILL_UID,
    }
    SET_USER_ID {
        id: "execve.set-user-id",
        statement: "The set-user-ID bit makes the file's owner the new effective user id.",
        formula: "euid' = owner",
        manual: DESCRIPTION,
        source: FILL_UID,
    }
    SET_GROUP_ID {
        id: "execve.set-group-id",
        statement: "The set-group-ID bit makes the file's group the new effective group id, if the group may execute \
                    the file.",
        formula: "egid' = group",
        manual: DESCRIPTION,
        source: FILL_UID,
    }
    FILE_CAPS_MALFORMED {
        id: "execve.file-caps-malformed",
        statement: "A security.capability attribute whose revision is unknown or whose size is not its revision's \
                    makes execve fail, for root too: EINVAL, or ERANGE if it is longer than 24 bytes.",
        source: FROM_DISK,
    }
    FILE_CAPS_FOREIGN_ROOT {
        id: "execve.file-caps-foreign-root",
        statement: "File capabilities count only if the attribute's root id is user 0 of the caller's user namespace \
                    or of one of its ancestors; otherwise the file is treated as if it had none.",
        manual: NAMESPACED_FILES,
        source: Source::new("security/commoncap.c", "rootid_owns_currentns"),
    }
    FILE_CAPS_UNKNOWN_BITS {
        id: "execve.file-caps-unknown-bits",
        statement: "Bits of the file's sets above the kernel's last capability are ignored.",
        source: FROM_DISK,
    }
    FILE_CAPS {
        id: "execve.file-caps",
        statement: "The file has capabilities. Even an empty attribute counts.",
        manual: VERSIONING,
        source: FROM_VFS,
    }
    FILE_PERMITTED {
        id: "execve.file-permitted",
        statement: "A capability in the file's permitted set is granted if it is in the thread's bounding set.",
        formula: "Pn = (B ∩ fP) ∪ (I ∩ fI)",
        manual: TRANSFORMATION,
        source: FROM_VFS,
    }
    FILE_INHERITABLE {
        id: "execve.file-inheritable",
        statement: "A capability in the file's inheritable set is granted if it is in the thread's inheritable set; \
                    the bounding set does not matter.",
        formula: "Pn = (B ∩ fP) ∪ (I ∩ fI)",
        manual: TRANSFORMATION,
        source: FROM_VFS,
    }
    FILE_EFFECTIVE_EPERM {
        id: "execve.file-effective-eperm",
        statement: "If the file's effective flag is set and one of its permitted capabilities is not granted, execve \
                    fails: the program could not know that it lacks one. Root and no_new_privs make no difference.",
        formula: "fE and fP ⊄ Pn",
        manual: "capabilities(7), Safety checking for capability-dumb binaries",
        source: FROM_VFS,
    }
    NOROOT {
        id: "execve.noroot",
        statement: "With SECBIT_NOROOT execve grants user 0 no capability for being user 0.",
        manual: SECUREBITS,
        source: PRIVILEGED_ROOT,
    }
    ROOT_MIXED {
        id: "execve.root-mixed",
        statement: "A set-user-ID-root program that has file capabilities, run by a real user other than root, gets \
                    only its file capabilities.",
        manual: MIXED,
        source: PRIVILEGED_ROOT,
    }
    ROOT_PERMITTED {
        id: "execve.root-permitted",
        statement: "If the real or the new effective user id is root of the user namespace, every capability in the \
                    bounding or the inheritable set is granted, whatever was permitted before.",
        formula: "Pn = B ∪ I",
        manual: ROOT,
        source: PRIVILEGED_ROOT,
    }
    ROOT_EFFECTIVE {
        id: "execve.root-effective",
        statement: "If the new effective user id is root of the user namespace, the result is effective as if the \
                    file's effective flag were set.",
        formula: "fE = 1",
        manual: ROOT,
        source: PRIVILEGED_ROOT,
    }
    ID_CHANGE {
        id: "execve.id-change",
        statement: "This exec changes identity: the new effective user id is not the old one, or the new effective \
                    group id is neither the filesystem group id nor a supplementary group.",
        formula: "euid' ≠ euid or egid' ∉ {fsgid} ∪ groups",
        manual: TRANSFORMATION,
        source: FROM_FILE,
        since: Some(&changes::EXEC_ID_CHANGE),
    }
    ID_DIFFERS_FROM_REAL {
        id: "execve.id-differs-from-real",
        statement: "The new effective user or group id is not the real one, which counts as a change of identity even \
                    if this exec changes nothing.",
        formula: "euid' ≠ ruid or egid' ≠ rgid",
        manual: TRANSFORMATION,
        source: Source { release: "6.12", ..Source::new("security/commoncap.c", "cap_bprm_creds_from_file") },
        until: Some(&changes::EXEC_ID_CHANGE),
    }
    UNSAFE_NO_NEW_PRIVS {
        id: "execve.unsafe-no-new-privs",
        statement: "no_new_privs is set: an exec that would change identity or permit more than before is limited.",
        manual: "prctl(2), PR_SET_NO_NEW_PRIVS",
        source: UNSAFE_EXEC,
    }
    UNSAFE_SHARED_FS {
        id: "execve.unsafe-shared-fs",
        statement: "Another process shares the filesystem context (CLONE_FS): an exec that would change identity or \
                    permit more than before is limited.",
        source: UNSAFE_EXEC,
    }
    UNSAFE_TRACED {
        id: "execve.unsafe-traced",
        statement: "The thread is traced, and the tracer had no CAP_SYS_PTRACE over its user namespace when it \
                    attached: an exec that would change identity or permit more than before is limited.",
        manual: DESCRIPTION,
        source: Source::new("kernel/ptrace.c", "ptracer_capable"),
    }
    UNSAFE_PERMITTED {
        id: "execve.unsafe-permitted",
        statement: "A limited exec permits nothing that was not permitted before.",
        formula: "Pn = Pn ∩ P",
        source: FROM_FILE,
    }
    UNSAFE_IDS {
        id: "execve.unsafe-ids",
        statement: "A limited exec falls back to the real user and group ids, unless the thread has CAP_SETUID \
                    effective and no_new_privs is not set.",
        formula: "euid' = ruid, egid' = rgid",
        source: FROM_FILE,
    }
    SAVED_IDS {
        id: "execve.saved-ids",
        statement: "The saved and the filesystem ids become the new effective ids.",
        formula: "suid' = fsuid' = euid', sgid' = fsgid' = egid'",
        manual: DESCRIPTION,
        source: FROM_FILE,
    }
    AMBIENT_FILE_CAPS {
        id: "execve.ambient-file-caps",
        statement: "A file with capabilities, even empty ones, clears the ambient set.",
        formula: "A' = ∅",
        manual: TRANSFORMATION,
        source: FROM_FILE,
    }
    AMBIENT_ID_CHANGE {
        id: "execve.ambient-id-change",
        statement: "An exec that changes identity clears the ambient set, even if the ids fell back afterwards.",
        formula: "A' = ∅",
        manual: TRANSFORMATION,
        source: FROM_FILE,
    }
    AMBIENT_KEPT {
        id: "execve.ambient-kept",
        statement: "The ambient set is kept by a file without capabilities, if execve does not change identity.",
        formula: "A' = A",
        manual: TRANSFORMATION,
        source: FROM_FILE,
    }
    PERMITTED {
        id: "execve.permitted",
        statement: "The new permitted set is what the file and being root granted, and the ambient set. What was permitted \
                    before is not carried over.",
        formula: "P' = Pn ∪ A'",
        manual: TRANSFORMATION,
        source: FROM_FILE,
    }
    EFFECTIVE_PERMITTED {
        id: "execve.effective-permitted",
        statement: "With the effective flag, from the file or because of root, everything permitted is effective.",
        formula: "E' = P'",
        manual: TRANSFORMATION,
        source: FROM_FILE,
    }
    EFFECTIVE_AMBIENT {
        id: "execve.effective-ambient",
        statement: "Without the effective flag only the ambient capabilities are effective.",
        formula: "E' = A'",
        manual: TRANSFORMATION,
        source: FROM_FILE,
    }
    INHERITABLE_KEPT {
        id: "execve.inheritable-kept",
        statement: "The inheritable set is kept.",
        formula: "I' = I",
        manual: TRANSFORMATION,
        source: FROM_FILE,
    }
    BOUNDING_KEPT {
        id: "execve.bounding-kept",
        statement: "The bounding set is kept.",
        formula: "B' = B",
        manual: TRANSFORMATION,
        source: FROM_FILE,
    }
    KEEP_CAPS_CLEARED {
        id: "execve.keep-caps-cleared",
        statement: "execve clears SECBIT_KEEP_CAPS, even if it is locked; the other securebits are kept.",
        manual: SECUREBITS,
        source: FROM_FILE,
    }
    AT_SECURE_ID_CHANGE {
        id: "execve.at-secure-id-change",
        statement: "The new program runs in secure mode because this exec changes identity, even if the ids fell back \
                    afterwards.",
        manual: AUXILIARY,
        source: FROM_FILE,
    }
    AT_SECURE_IDS_DIFFER {
        id: "execve.at-secure-ids-differ",
        statement: "The new program runs in secure mode because its effective ids are not its real ids.",
        formula: "euid' ≠ ruid or egid' ≠ rgid",
        manual: AUXILIARY,
        source: FROM_FILE,
        since: Some(&changes::EXEC_ID_CHANGE),
    }
    AT_SECURE_CAPABILITIES {
        id: "execve.at-secure-capabilities",
        statement: "The new program runs in secure mode because its real user is not root and the effective flag is \
                    set or it is permitted more than the ambient set.",
        formula: "ruid ≠ root and (fE or P' ⊄ A')",
        manual: AUXILIARY,
        source: FROM_FILE,
    }
}
