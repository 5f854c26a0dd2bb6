# RUNTAIL_CFLAGS(VARIABLE, FLAGS)
# Appends to VARIABLE each of the FLAGS that the compiler takes in silence.
AC_DEFUN([RUNTAIL_CFLAGS], [
  m4_foreach_w([runtail_flag], [$2], [
    AS_VAR_PUSHDEF([runtail_var], [runtail_cv_cflag_]m4_defn([runtail_flag]))
    AC_CACHE_CHECK([whether $CC takes runtail_flag], [runtail_var], [
      runtail_saved=$CFLAGS
      CFLAGS="$CFLAGS -Werror runtail_flag"
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[]], [[]])],
        [AS_VAR_SET([runtail_var], [yes])],
        [AS_VAR_SET([runtail_var], [no])])
      CFLAGS=$runtail_saved
    ])
    AS_VAR_IF([runtail_var], [yes], [AS_VAR_APPEND([$1], [" runtail_flag"])])
    AS_VAR_POPDEF([runtail_var])
  ])
])

# RUNTAIL_LDFLAGS(VARIABLE, FLAGS [, COMPILER-FLAGS])
# Appends to VARIABLE each of the FLAGS with which a program links without
# a warning, compiled with COMPILER-FLAGS.
AC_DEFUN([RUNTAIL_LDFLAGS], [
  m4_foreach_w([runtail_flag], [$2], [
    AS_VAR_PUSHDEF([runtail_var], [runtail_cv_ldflag_]m4_defn([runtail_flag]))
    AC_CACHE_CHECK([whether $CC links with runtail_flag], [runtail_var], [
      runtail_saved=$CFLAGS
      CFLAGS="$CFLAGS -Werror $3 runtail_flag"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([[]], [[]])],
        [AS_VAR_SET([runtail_var], [yes])],
        [AS_VAR_SET([runtail_var], [no])])
      CFLAGS=$runtail_saved
    ])
    AS_VAR_IF([runtail_var], [yes], [AS_VAR_APPEND([$1], [" runtail_flag"])])
    AS_VAR_POPDEF([runtail_var])
  ])
])

# RUNTAIL_FORTIFY(VARIABLE)
# Appends the highest -D_FORTIFY_SOURCE that works with the user's CFLAGS:
# none without optimisation, none where the compiler or user sets it already.
AC_DEFUN([RUNTAIL_FORTIFY], [
  AC_CACHE_CHECK([for _FORTIFY_SOURCE], [runtail_cv_fortify], [
    runtail_cv_fortify=no
    runtail_saved=$CFLAGS
    for runtail_level in 2 3; do
      CFLAGS="$runtail_saved -Werror -D_FORTIFY_SOURCE=$runtail_level"
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#ifndef __OPTIMIZE__
#error "_FORTIFY_SOURCE needs optimisation"
#endif
#include <string.h>
]], [[]])], [runtail_cv_fortify=$runtail_level])
    done
    CFLAGS=$runtail_saved
  ])
  AS_IF([test "$runtail_cv_fortify" != no],
    [AS_VAR_APPEND([$1], [" -D_FORTIFY_SOURCE=$runtail_cv_fortify"])])
])

# RUNTAIL_LIBFUZZER(VARIABLE)
# Sets VARIABLE to the flag that links libFuzzer in, empty where there is none.
AC_DEFUN([RUNTAIL_LIBFUZZER], [
  AC_CACHE_CHECK([for libFuzzer], [runtail_cv_libfuzzer], [
    runtail_saved=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=fuzzer,address"
    AC_LINK_IFELSE([AC_LANG_SOURCE([[
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return data != NULL && size > 1000000 ? -1 : 0;
}
]])], [runtail_cv_libfuzzer=-fsanitize=fuzzer], [runtail_cv_libfuzzer=no])
    CFLAGS=$runtail_saved
  ])
  AS_IF([test "$runtail_cv_libfuzzer" = no], [$1=], [$1=$runtail_cv_libfuzzer])
])
