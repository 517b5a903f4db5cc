use core::fmt;

/// An error number of the kernel, by its generic value (`include/uapi/asm-generic/errno.h`; a few
/// architectures, mips and sparc among them, number some differently).
///
/// ```
/// use sim_core::kernel::Errno;
///
/// assert_eq!(Errno::EPERM.number(), 1);
/// assert_eq!(Errno::from_name("EACCES"), Some(Errno::EACCES));
/// assert_eq!(Errno::EINVAL.to_string(), "EINVAL");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(u16);

macro_rules! errnos {
    ($($name:ident $number:literal)*) => {
        impl Errno {
            $(#[doc = concat!("`", stringify!($name), "`, ", $number, ".")]
            pub const $name: Self = Self($number);)*
        }

        const NAMES: &[(&str, u16)] = &[$((stringify!($name), $number)),*];
    };
}

errnos! {
    EPERM 1 ENOENT 2 ESRCH 3 EINTR 4 EIO 5 ENXIO 6 E2BIG 7 ENOEXEC 8 EBADF 9 ECHILD 10 EAGAIN 11 ENOMEM 12
    EACCES 13 EFAULT 14 ENOTBLK 15 EBUSY 16 EEXIST 17 EXDEV 18 ENODEV 19 ENOTDIR 20 EISDIR 21 EINVAL 22
    ENFILE 23 EMFILE 24 ENOTTY 25 ETXTBSY 26 EFBIG 27 ENOSPC 28 ESPIPE 29 EROFS 30 EMLINK 31 EPIPE 32 EDOM 33
    ERANGE 34 EDEADLK 35 ENAMETOOLONG 36 ENOLCK 37 ENOSYS 38 ENOTEMPTY 39 ELOOP 40 ENOMSG 42 EIDRM 43 ECHRNG 44
    EL2NSYNC 45 EL3HLT 46 EL3RST 47 ELNRNG 48 EUNATCH 49 ENOCSI 50 EL2HLT 51 EBADE 52 EBADR 53 EXFULL 54
    ENOANO 55 EBADRQC 56 EBADSLT 57 EBFONT 59 ENOSTR 60 ENODATA 61 ETIME 62 ENOSR 63 ENONET 64 ENOPKG 65
    EREMOTE 66 ENOLINK 67 EADV 68 ESRMNT 69 ECOMM 70 EPROTO 71 EMULTIHOP 72 EDOTDOT 73 EBADMSG 74 EOVERFLOW 75
    ENOTUNIQ 76 EBADFD 77 EREMCHG 78 ELIBACC 79 ELIBBAD 80 ELIBSCN 81 ELIBMAX 82 ELIBEXEC 83 EILSEQ 84
    ERESTART 85 ESTRPIPE 86 EUSERS 87 ENOTSOCK 88 EDESTADDRREQ 89 EMSGSIZE 90 EPROTOTYPE 91 ENOPROTOOPT 92
    EPROTONOSUPPORT 93 ESOCKTNOSUPPORT 94 EOPNOTSUPP 95 EPFNOSUPPORT 96 EAFNOSUPPORT 97 EADDRINUSE 98
    EADDRNOTAVAIL 99 ENETDOWN 100 ENETUNREACH 101 ENETRESET 102 ECONNABORTED 103 ECONNRESET 104 ENOBUFS 105
    EISCONN 106 ENOTCONN 107 ESHUTDOWN 108 ETOOMANYREFS 109 ETIMEDOUT 110 ECONNREFUSED 111 EHOSTDOWN 112
    EHOSTUNREACH 113 EALREADY 114 EINPROGRESS 115 ESTALE 116 EUCLEAN 117 ENOTNAM 118 ENAVAIL 119 EISNAM 120
    EREMOTEIO 121 EDQUOT 122 ENOMEDIUM 123 EMEDIUMTYPE 124 ECANCELED 125 ENOKEY 126 EKEYEXPIRED 127
    EKEYREVOKED 128 EKEYREJECTED 129 EOWNERDEAD 130 ENOTRECOVERABLE 131 ERFKILL 132 EHWPOISON 133
}

impl Errno {
    /// The error of this name, as `EPERM`.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|&(_, number)| Self(number))
    }

    /// The error of this number; `None` where Linux has none.
    pub fn from_number(number: u16) -> Option<Self> {
        NAMES.iter().find(|&&(_, known)| known == number).map(|&(_, number)| Self(number))
    }

    /// Any error that a call can return, 1 to 4095, with a name or without: filters of system calls can give them all.
    ///
    /// ```
    /// use sim_core::kernel::Errno;
    ///
    /// assert_eq!(Errno::returned(4095).unwrap().to_string(), "4095");
    /// assert_eq!(Errno::returned(4096), None);
    /// ```
    pub const fn returned(number: u16) -> Option<Self> {
        if number >= 1 && number <= 4095 { Some(Self(number)) } else { None }
    }

    /// Its number, as `errno` holds it.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Its name; `"?"` where Linux has none for the number.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|&&(_, number)| number == self.0).map_or("?", |(name, _)| name)
    }
}

/// Its name, or its number where it has none.
impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::from_number(self.0) {
            Some(_) => f.write_str(self.name()),
            None => self.0.fmt(f),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Errno, NAMES};

    #[test]
    fn names_and_numbers_agree() {
        for &(name, number) in NAMES {
            let errno = Errno::from_name(name).unwrap();
            assert_eq!((errno.number(), errno.name()), (number, name));
            assert_eq!(Errno::from_number(number), Some(errno));
        }
        assert_eq!(Errno::from_name("EPRM"), None);
        assert_eq!(Errno::from_number(0), None);
    }
}
