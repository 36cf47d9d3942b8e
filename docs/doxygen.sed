# How doxygen is to read our headers (INPUT_FILTER of docs/Doxyfile).
# `@file What it is.`: the command would take the first word for a file name.
s#^/// @file #/// @file\n/// #
s#^\(/\*\*\| \*\) @file #\1 @file\n * #
# 86'400: it would take the separator for the start of a character.
s#\([0-9]\)'\([0-9]\)#\1\2#g
# In comments `<id>` is no HTML, and `.md#place` no reference to a member.
\#^ *//[/!]\|^ */\*\|^ \*\|///<# {
  s#<\([a-zA-Z]\+\)>#\\<\1\\>#g
  s#[.]md\##.md\\\##g
}
