/* SPDX-License-Identifier: Apache-2.0 */
/* A strict check of whether a text is well-formed XML, of the kind that has no prologue, comments,
 * CDATA or entities of its own. */
#ifndef OCTET_TESTS_PLOT_XML_READER_H
#define OCTET_TESTS_PLOT_XML_READER_H

/* NULL, or what is wrong. */
const char *xml_fault(const char *text);

#endif
