use core::fmt;

use super::Severity;

macro_rules! lints {
    ($($variant:ident $name:literal $severity:ident $statement:literal $example:literal)*) => {
        /// A lint: one kind of fault. The example of each is a profile in which it is found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Lint {
            $(#[doc = $statement]
            #[doc = ""]
            #[doc = "```json"]
            #[doc = $example]
            #[doc = "```"]
            $variant,)*
        }

        impl Lint {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name, as `unknown-name`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// How bad its findings are, unless circumstances make one worse or better.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// What it is about, in a sentence or two.
            pub const fn statement(self) -> &'static str {
                match self { $(Self::$variant => $statement),* }
            }

            /// A profile in which it is found.
            pub const fn example(self) -> &'static str {
                match self { $(Self::$variant => $example),* }
            }
        }
    };
}

lints! {
    Refused "refused" Error
        "The engine makes no filter of the profile: the container does not start."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "flags": ["SECCOMP_FILTER_FLAG_TSINK"]}"#
    UnknownName "unknown-name" Error
        "No kernel known here has a call of this name. Engines ignore it without a word, so that it permits or refuses nothing."
        r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdri"], "action": "SCMP_ACT_ERRNO"}]}"#
    NewerThanLibseccomp "newer-than-libseccomp" Warning
        "The call exists, but the engine's libseccomp is older than its name and ignores it."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["listns"], "action": "SCMP_ACT_ALLOW"}]}"#
    NotOnTheseArchitectures "not-on-these-architectures" Note
        "None of the architectures that the filter covers has the call, so that the name does nothing there."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["s390_guarded_storage"], "action": "SCMP_ACT_ALLOW"}]}"#
    CounterpartMissing "counterpart-missing" Warning
        "On one of the covered architectures a call that the profile permits does not exist, and the one that programs make there instead is refused."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [{"names": ["mmap", "execve"], "action": "SCMP_ACT_ALLOW"}]}"#
    WayAround "way-around" Warning
        "The profile refuses a call and permits another that does the same."
        r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}"#
    CompatArchitectureMissing "compat-architecture-missing" Note
        "The machine also runs programs for another architecture, which the filter does not cover: their first call kills them."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ALLOW"}]}"#
    NoTable "no-table" Note
        "The calls of an architecture are not known here, so that nothing is said about them."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_SH"]}"#
    EmptyNames "empty-names" Warning
        "An entry without names is about no call. oci-seccomp-bpf-hook writes one when it has seen nothing new."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": null, "action": "SCMP_ACT_ALLOW"}]}"#
    DuplicateName "duplicate-name" Note
        "The name stands in two entries that do the same; one suffices."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "read"], "action": "SCMP_ACT_ALLOW"}]}"#
    EqualsDefault "equals-default" Note
        "The entry's action is the default action. Engines skip such an entry, so that it makes no exception to another one either."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO"}]}"#
    ShadowedRule "shadowed-rule" Error
        "Another entry decides about the call in this one's place: of two entries without conditions the first, and one without conditions over all with conditions."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}, {"names": ["read"], "action": "SCMP_ACT_KILL"}]}"#
    ConditionWithoutEffect "condition-without-effect" Warning
        "Another entry does the same whatever the arguments are, so that the conditions here never count."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["dup"], "action": "SCMP_ACT_ALLOW"}, {"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1}]}]}"#
    ConditionLost "condition-lost" Warning
        "On architectures where socketcall or ipc carries the call its arguments are in memory, which a filter cannot read. libseccomp drops the conditions there."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_NE", "value": 40}]}]}"#
    AmbiguousRules "ambiguous-rules" Warning
        "Two entries with different actions apply to one call. libseccomp promises nothing about which of them decides."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["dup2"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_GT", "value": 5}]}, {"names": ["dup2"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "op": "SCMP_CMP_LT", "value": 10}]}]}"#
    SameArgument "same-argument" Warning
        "Conditions on one argument become a rule each in runc, crun and youki: one of them suffices, where all seem to be demanded."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_GT", "value": 0}, {"index": 0, "op": "SCMP_CMP_LT", "value": 3}]}]}"#
    NeverHolds "never-holds" Error
        "The condition holds for no value, so that the entry is about no call."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_LT", "value": 0}]}]}"#
    AlwaysHolds "always-holds" Warning
        "The condition holds for every value, so that it is none."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 0, "valueTwo": 0}]}]}"#
    ValueOutsideMask "value-outside-mask" Warning
        "SCMP_CMP_MASKED_EQ wants bits that are not in its mask. libseccomp drops them, so that the condition holds for more than is written."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 240, "valueTwo": 17}]}]}"#
    ValueTwoWithoutMeaning "value-two-without-meaning" Warning
        "Only SCMP_CMP_MASKED_EQ has a valueTwo; for the other operators it is ignored."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1, "valueTwo": 2}]}]}"#
    ValueAbove32Bits "value-above-32-bits" Warning
        "On an architecture with 32-bit arguments libseccomp compares the lower half of the value only, which is another number."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"], "syscalls": [{"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 4294967297}]}]}"#
    UpperHalf "upper-half" Warning
        "The kernel takes the lower 32 bits of this argument only, but the filter compares 64: with ones in the upper half a call passes that does what is refused."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_NE", "value": 40}]}]}"#
    ErrnoOutOfRange "errno-out-of-range" Error
        "The errno cannot be returned: libseccomp refuses one above 4095, and engines cut it to 16 bits before."
        r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 12345}]}"#
    ErrnoZero "errno-zero" Warning
        "With errno 0 the call is not made and returns 0: the program believes that it succeeded."
        r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}]}"#
    ErrnoWithoutMeaning "errno-without-meaning" Warning
        "Only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take an errno. runc and youki ignore it elsewhere; crun refuses the profile."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1}]}"#
    NewCallAnswer "new-call-answer" Warning
        "Programs try a newer call and fall back on an older one if the answer is ENOSYS. This profile answers otherwise, so that they fail."
        r#"{"defaultAction": "SCMP_ACT_KILL", "syscalls": [{"names": ["execve", "clone", "listns"], "action": "SCMP_ACT_ALLOW"}]}"#
    StartRefused "start-refused" Warning
        "The container cannot start: its runtime makes this call after the filter is in force."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}"#
    UnknownKey "unknown-key" Warning
        "No engine knows the key; what stands there has no effect."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoNet": 38}"#
    UnknownCapability "unknown-capability" Warning
        "Engines compare capabilities with names as CAP_SYS_ADMIN, letter by letter. This one never matches."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["SYS_ADMIN"]}}]}"#
    OnlyForManagers "only-for-managers" Warning
        "includes, excludes, archMap and name are Docker's and Podman's. A runtime that is given the profile as it is ignores them, so that the entry always counts."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}"#
    HiddenFromRecording "hidden-from-recording" Warning
        "oci-seccomp-bpf-hook adds only calls whose name stands in no entry of its input profile. This call stands in one that does not permit it, or not always, and will never be added."
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}"#
}

impl Lint {
    /// The lint of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|lint| lint.name() == name)
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
