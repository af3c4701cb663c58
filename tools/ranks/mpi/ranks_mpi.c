/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks by MPI: a library of its own, the only one that links it. */
#include <mpi.h>
#include <stdint.h>

#include "ranks/ranks.h"

#define PIECE ((size_t)1 << 30) /* bytes of a message: MPI counts in int */
#define TAG 0

static bool start(int *rank, int *count)
{
    int provided;
    /* threads of octet's own do not call MPI */
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
        return false;
    return MPI_Comm_rank(MPI_COMM_WORLD, rank) == MPI_SUCCESS &&
           MPI_Comm_size(MPI_COMM_WORLD, count) == MPI_SUCCESS;
}

static int piece(size_t size, size_t done)
{
    return (int)(size - done < PIECE ? size - done : PIECE);
}

static void send(int to, const void *bytes, size_t size)
{
    const uint64_t announced = size;
    MPI_Send(&announced, 1, MPI_UINT64_T, to, TAG, MPI_COMM_WORLD);
    for (size_t done = 0; done < size; done += PIECE)
        MPI_Send((const char *)bytes + done, piece(size, done), MPI_BYTE, to, TAG, MPI_COMM_WORLD);
}

static size_t size_from(int from)
{
    uint64_t size = 0;
    MPI_Recv(&size, 1, MPI_UINT64_T, from, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return (size_t)size;
}

static void receive(int from, void *bytes, size_t size)
{
    for (size_t done = 0; done < size; done += PIECE)
        MPI_Recv((char *)bytes + done, piece(size, done), MPI_BYTE, from, TAG, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
}

static void end(void)
{
    MPI_Finalize();
}

extern const struct ranks_library octet_mpi_library;
__attribute__((visibility("default"))) const struct ranks_library octet_mpi_library = {
    RANKS_LAYOUT, OCTET_VERSION, start, send, size_from, receive, end};
