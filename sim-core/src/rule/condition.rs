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
    IsRegular "it is a regular file"
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
    NotChrooted "the root directory is that of the mount namespace"
    NotBothMountFlags "CLONE_NEWNS and CLONE_FS are not given together"
    NoPidNamespaceWaiting "children are in the thread's own pid namespace"
    NotBothFlags "CLONE_NEWUSER and CLONE_FS are not given together"
    FsNotAskedFor "none of CLONE_FS, CLONE_NEWUSER and CLONE_NEWNS is given"
    DescriptorOpen "the namespace exists"
    AnotherNamespace "it is another namespace"
    SysAdminInTarget "CAP_SYS_ADMIN is held in the target"

    // Writing maps.
    OwnFile "the file's owner is the filesystem user"
    NotInitial "the namespace is not the initial one"
    InsideOrDirectlyAbove "the writer is in the namespace or directly above it"
    WithinAPage "the text is shorter than a page"
    MapUnwritten "the map is not written yet"
    ThreeNumbers "every line is three numbers"
    RangeValid "every line covers ids that exist"
    NoOverlap "no lines overlap"
    FewLines "there are not too many lines"
    RootNotMapped "user 0 of the namespace above is not mapped"
    CreatorHadSetfcap "CAP_SETFCAP was effective for whoever made the namespace"
    SetfcapAbove "CAP_SETFCAP is held in the namespace above"
    MoreThanOneId "more than one id is mapped"
    WriterNotOwner "the writer does not own the namespace"
    NotOwnId "it is not the writer's own id"
    OnlyOwnIdMapped "only the own id is mapped"
    CapableAbove "the capability is held in the namespace above"
    OutsideIdsMapped "the outside ids are mapped above"
    AllowOrDeny "the word is one of the two"
    GidMapUnwritten "the gid_map is not written yet"

    // Changes of files.
    OwnerKept "the thread owns the file, and the owner stays"
    OwnerAndInGroup "the thread owns the file and is in the new group"
    ChownCapable "CAP_CHOWN is effective over the file"
    FileOwner "the thread owns the file"
    FownerCapable "CAP_FOWNER is effective over the file"
    NoOwnerNamed "no owner is given"
    NoGroupNamed "no group is given"
    NoModeWritten "no set-id bit has to go, so no mode is written"
    ModeWithoutSetGroupId "the mode that is written has no set-group-ID bit"
    InGroupOrFsetid "the thread is in the file's group, or has CAP_FSETID over the file"
    FsetidNotInInit "CAP_FSETID is not effective in the init user namespace"
    AttributeEmpty "the attribute is empty, and only one with a value is removed"
    ModeAllowsWriting "the file's mode allows it"
    SomethingWritten "bytes are written"
    SizeNotNegative "the size is not negative"
    ValueNotEmpty "the value is not empty"
    SetfcapCapable "CAP_SETFCAP is effective over the file"
    SetfcapNotInInit "CAP_SETFCAP is not effective in the init user namespace"
    VersionThreeGiven "the value has version 3"
    RootIdMapped "the root id has a mapping"
    RootIdIsRoot "the root id is user 0 here or has no number here"
    HasFileCaps "the file has capabilities"
    FileIsDirectory "it is a directory"
    FileIsNoDirectory "it is no directory"

    // Operations on processes.
    FirstPidNamespace "the process is in sight"
    SignalValid "the signal exists"
    SameUser "a user id of the caller is one of the process's"
    AnotherUser "no user id of the caller is one of the process's"
    SameIds "the caller's real ids are all of the process's"
    OtherIds "the caller's real ids are not all of the process's"
    Dumpable "the process is dumpable"
    WithinPermitted "the process has nothing permitted that the caller has not"
    MorePermitted "the process has more permitted, or is in another user namespace"
    NotAlreadyTraced "nobody traces the process"
    NiceNotLowered "the nice value is not lowered"
    PriorityValid "the priority fits the policy"
    NothingPrivileged "the process is the caller's own, and nothing is raised"
    Privileged "the process is somebody else's, or something is raised"
    OwnPid "it is the caller's own pid"
    OwnUid "it is one of the caller's own user ids"
    OwnGid "it is one of the caller's own group ids"
    RootStays "the path is the root directory itself"

    // Operations on paths.
    ModeAllows "the mode allows it"
    DacReadSearchAllows "CAP_DAC_READ_SEARCH stands in"
    MoreThanReading "more is asked for than to read, or to search a directory"
    OwnsFile "the caller owns the file"
    FownerAllows "CAP_FOWNER stands in"
    OwnerUnmapped "the file's owner has no mapping in the user namespace"
    PathExists "there is a file at the path"
    NotADirectory "it is no directory"
    IsRegularOrDirectory "it is a regular file or a directory"
    OnlyRead "the directory is only read"
    NoatimeNotAsked "O_NOATIME is not asked for"
    RootWritesSettings "the effective user id is 0 of init"
    SettingIsRead "the setting is only read"
    NotOfTheNetwork "the setting is none of the network"
    NetAdminAllows "CAP_NET_ADMIN over the network namespace stands in"
    NotSticky "the directory has no sticky bit"
    OwnsDirectory "the caller owns the directory"
    HardlinksNotProtected "fs.protected_hardlinks is 0"
    SafeToLink "the file is safe to link: regular, readable and writable, no set-id program"
    NotSafeToLink "the file is not safe to link"
    NotInADirectory "nothing is described of the directory"
    TimesNotGiven "both times are to be now"
    NothingThere "nothing is at the path yet"
    NotADevice "it is no device"
    NotAWhiteout "it is another device"
    DirectoryNotSetgid "the directory has no set-group-ID bit"
    NotSetgidProgram "the set-group-ID bit and the group's x bit are not asked for together"
    InGroupOfDirectory "the caller is in the directory's group"
    FsetidAllows "CAP_FSETID stands in"
    FlagsUnchanged "neither flag changes"

    // Operations on the system.
    SocketIsRaw "the socket is a raw one"
    PriorityIsHigh "the value is not from 0 to 6"
    ClockCanBeSet "the clock can be set"
    LimitWithinNrOpen "the limit is not above fs.nr_open"
    LimitRises "the limit rises"
    LimitIsNotZero "RLIMIT_MEMLOCK is not 0"
    WithinMemlock "it is within RLIMIT_MEMLOCK"
    AboveMemlock "it is more than RLIMIT_MEMLOCK"
    LevelIsValid "the level is not above 3"
    LevelRises "the level rises"
    UnprivilegedBpfDisabled "kernel.unprivileged_bpf_disabled is not 0"
    KernelIncluded "the kernel is measured too"
    PerfEventParanoid "kernel.perf_event_paranoid is 2 or more"
    LogRestricted "kernel.dmesg_restrict is set, or the action is another one"
    OwnerMapped "the owner has a mapping"
    OwnerChanges "the owner would change"
    ClockWakes "the clock wakes the machine"
    NotificationByHandle "only file handles are reported"
    MoreThanHandles "more than file handles is asked for"
    ClassAndReportAgree "the class can report what is asked for"
    PacketTypeKnown "packet sockets of this type exist"
    NotOwnQuota "the quota is not the thread's own"

    // bind.
    PortIsPrivileged "the port is below net.ipv4.ip_unprivileged_port_start"
    PortIsUnprivileged "the port is not below net.ipv4.ip_unprivileged_port_start"
    NetBindServiceEffective "CAP_NET_BIND_SERVICE is effective over the network namespace"
}
