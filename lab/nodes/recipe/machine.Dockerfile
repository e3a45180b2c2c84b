FROM node
COPY . /usr/local/lib/lab-machine
RUN sh /usr/local/lib/lab-machine/machine.sh
