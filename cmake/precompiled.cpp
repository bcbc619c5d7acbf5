// What the precompiled headers are the headers of: a target needs a source.
static_assert(true);
