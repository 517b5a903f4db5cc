use core::fmt;

macro_rules! conditions {
    ($($name:ident $text:literal)*) => {
        /// Why a rule did not apply: the fact that stood against it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Condition {
            $(#[doc = concat!("\"", $text, "\"")] $name,)*
        }

        /// A clause that follows "because" or "not:".
        impl fmt::Display for Condition {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $text,)* })
            }
        }
    };
}

conditions! {
    // Opening the file.
    MountMayExecute "the mount is not noexec"
    ModeAllowsExecution "the file's mode allows it"
    NoExecuteBitAnywhere "no x bit is set anywhere in the mode"
    CapabilityNotEffective "the capability is not in the effective set"
    OwnerOrGroupUnmapped "the file's owner or group has no mapping in the user namespace"
    DacOverrideAllows "CAP_DAC_OVERRIDE stands in"
    NotAScript "the file is no script"
    FewInterpreters "at most five interpreters follow one another"
    ScriptCapsHarmless "the script's attribute does no harm"

    // Set-id bits.
    MountMaySuid "the mount is not nosuid"
    NothingToIgnore "the file has neither set-id bits nor capabilities"
    NoSetIdBits "the file has no set-id bits"
    NoSetUserIdBit "the file has no set-user-ID bit"
    NoSetGroupIdBit "the file has no set-group-ID bit"
    GroupMayNotExecute "the group has no x bit, so the set-group-ID bit means nothing here"
    NoNewPrivsNotSet "no_new_privs is not set"
    OwnerAndGroupMapped "owner and group are mapped in the user namespace"
    SetIdBitsIgnored "the set-id bits are ignored"

    // File capabilities.
    NoFileCaps "the file has no capabilities"
    FileCapsIgnored "the file's capabilities are ignored"
    AttributeWellFormed "the attribute is well formed"
    RootIdInCharge "the attribute's root id is root here or in an ancestor"
    NoUnknownBits "no bit is above the last capability"
    FilePermittedEmpty "the file's permitted set is empty"
    FileInheritableEmpty "the file's inheritable set is empty"
    FileEffectiveNotSet "the file's effective flag is not set"
    AllFilePermittedGranted "everything in the file's permitted set was granted"

    // Root.
    SecbitNorootNotSet "SECBIT_NOROOT is not set"
    RealUidIsRoot "the real user id is root"
    EffectiveUidIsNotRoot "the new effective user id is not root"
    NeitherUidIsRoot "neither the real nor the new effective user id is root"

    // Limits.
    IdsUnchanged "this exec does not change identity"
    IdsEqualReal "the new effective ids are the real ids"
    NothingGained "nothing would be gained"
    FsNotShared "the filesystem context is not shared"
    NotTraced "the thread is not traced"
    TracerHasSysPtrace "the tracer had CAP_SYS_PTRACE when it attached"
    SetuidEffective "CAP_SETUID is effective and no_new_privs is not set"

    // Results.
    AmbientEmpty "the ambient set is empty"
    AmbientCleared "the ambient set was cleared"
    EffectiveFlagNotSet "there is no effective flag"
    EffectiveFlagSet "the effective flag is set"
    KeepCapsNotSet "SECBIT_KEEP_CAPS is not set"
    OnlyAmbientPermitted "there is no effective flag, and nothing but the ambient set is permitted"
    IdsEqual "the effective ids are the real ids"
    SavedIdsEqual "the saved and the filesystem ids are the effective ones already"

    // capset.
    InheritableWithinPermitted "nothing is added that the permitted set lacks"
    SetpcapEffective "CAP_SETPCAP is effective"
    InheritableWithinBounding "nothing is added that the bounding set lacks"
    PermittedDoesNotGrow "nothing is added to the permitted set"
    EffectiveWithinPermitted "the effective set is within the permitted one"
    AmbientWithinBoth "every ambient capability stays permitted and inheritable"

    // prctl.
    CapabilityValid "the capability is known"
    ArgumentsZero "the unused arguments are zero"
    ArgumentsValid "the arguments are in range"
    NotLocked "no lock is in the way"
    LocksKept "no lock is taken away"
    KnownSecurebits "every bit is known"
    OnlyExecSecurebitsChange "only securebits that need no capability change"
    PermittedAndInheritable "the capability is permitted and inheritable"
    AmbientRaiseAllowed "SECBIT_NO_CAP_AMBIENT_RAISE is not set"

    // set*id and setgroups.
    IdsMapped "every id has a mapping"
    SetidCapable "the capability is effective"
    SetidNotCapable "the capability is not effective"
    OwnIds "every id is one of the thread's own"
    IdMayBeSet "the id may be set"
    IdMayNotBeSet "the id may not be set"
    SavedIdStays "no real id is given, and no effective id that differs from it"
    SomethingChanges "an id changes"
    SecbitNoSetuidFixupNotSet "SECBIT_NO_SETUID_FIXUP is not set"
    NeverRoot "none of the three user ids was root"
    StillRoot "one of the three user ids is root"
    EffectiveStaysRootOrNot "the effective user id does not change from or to root"
    FilesystemStaysRootOrNot "the filesystem user id does not change from or to root"
    GidMapWritten "the gid_map is written"
    SetgroupsAllowed "setgroups is allowed"

    // User namespaces.
    NotTooDeep "the namespace is not too deep"
    CreatorMapped "the effective ids have mappings"
    NotBothFlags "CLONE_NEWUSER and CLONE_FS are not given together"
    FsNotAskedFor "neither CLONE_FS nor CLONE_NEWUSER is given"
    DescriptorOpen "the namespace exists"
    AnotherNamespace "it is another namespace"
    SysAdminInTarget "CAP_SYS_ADMIN is held in the target"

    // Writing maps.

    // Changes of files.

    // Operations on processes.

    // Operations on paths.

    // Operations on the system.

    // bind.
    PortIsPrivileged "the port is below net.ipv4.ip_unprivileged_port_start"
    PortIsUnprivileged "the port is not below net.ipv4.ip_unprivileged_port_start"
    NetBindServiceEffective "CAP_NET_BIND_SERVICE is effective over the network namespace"

    // Filters of system calls.
    OperationKnown "the operation is known"
    StrictArgumentsZero "flags and arguments are zero"
    FlagsKnown "every flag is known"
    NotListenerAndTsync "SECCOMP_FILTER_FLAG_NEW_LISTENER and _TSYNC are not given together"
    TsyncEsrchGiven "SECCOMP_FILTER_FLAG_TSYNC_ESRCH is given, or not both others"
    NotWaitKillable "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is not given without _NEW_LISTENER"
    ProgramDescribed "the description of the program can be read"
    ProgramLengthValid "the program has 1 to 4096 instructions"
    NoNewPrivsSet "no_new_privs is set"
    SysAdminEffective "CAP_SYS_ADMIN is effective in the thread's user namespace"
    ProgramGiven "there is a pointer to instructions"
    ProgramReadable "the instructions can be read"
    ProgramValid "the program is valid classic BPF"
    ProgramRestricted "the program has only what a filter of system calls may have"
    ModeMayBeSet "the mode is not another one already"
    NoListenerYet "no listener is asked for, or none exists yet"
    PathShort "all filters together are short enough"
    NoThreadInTheWay "no thread has filters of its own"
    NotSynchronised "SECCOMP_FILTER_FLAG_TSYNC is not given"
    CallFiltered "the call is not one that passes every filter"
    OneOfFour "the call is read, write, exit or sigreturn"
    NotStrict "the mode is not strict"
    ErrnoInRange "the errno is not above 4095"
    TracerListens "a tracer asked for the event"
    ListenerOpen "the filter has a listener"
}
