/// What stands between this machine and its first NVMe over RDMA connection.
package dev.verbena.cli.doctor;
