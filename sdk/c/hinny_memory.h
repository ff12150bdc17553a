// Memory that lives until the call ends. Plugins do not need this.

#ifndef HINNY_MEMORY_H
#define HINNY_MEMORY_H

#include <stddef.h>

#include "hinny_plugin.h"

// Never NULL.
char *hinny_take_memory(size_t bytes);
// Gives back all that was taken.
void hinny_free_memory(void);
// A copy of a text.
hinny_text hinny_copied(hinny_text text);

#endif
